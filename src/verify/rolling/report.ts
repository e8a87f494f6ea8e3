import type { Difference } from "../../job/result.ts";
import { readValue } from "../../pipeline/owned-entry.ts";
import { stateKeys } from "../../pipeline/state-keys.ts";
import type { StateStore } from "../../pipeline/state-store.ts";
import { keyOfId } from "../key-id.ts";
import { keyText } from "../key-text.ts";
import type { Coverage } from "../coverage.ts";
import type { Counts } from "./counts.ts";
import type { RollingRecord } from "./ledger.ts";
import { idOfText, oldestPart } from "./parts.ts";

/** What one round over both sides came to. JSON-clean; times are wall clock, milliseconds. */
export interface RoundReport extends Counts {
  readonly job: string;
  /** Counts from 1 for the same sides and mapping. */
  readonly round: number;
  /** `ordered`: both sides were read next to each other in the order of keys. `digests`: each by itself, and their leaves compared. */
  readonly way: "ordered" | "digests";
  readonly begunAt: number;
  readonly endedAt: number;
  /** An interrupted round was gone on with. */
  readonly resumed: boolean;
  readonly coverage: Pick<Coverage, "kind" | "text">;
  /** Of `digests`: leaves that differed and were not looked into, so that the round is no whole one. */
  readonly leavesLeft: number;
  /** The first of `differing` and `unsettled`. */
  readonly differences: readonly Difference[];
}

/** What was verified in one day (UTC). */
export interface DayCoverage extends Counts {
  /** `2026-11-26` */
  readonly day: string;
  /** Rounds that ended in it. */
  readonly rounds: number;
}

/** How a rolling verification stands. JSON-clean; times are wall clock, milliseconds. */
export interface RollingReport {
  readonly job: string;
  /**
   * Since when every row has been verified at least once: its distance from now is the *verification age*, for cut-over to ask. Null: some
   * part of the sides was never verified, or by another mapping. It says that rows were looked at, not what was found: that stands in
   * `differing` and `unsettled` of `last` and `current`.
   */
  readonly verifiedSince: number | null;
  /** The round under way. */
  readonly current: (Counts & { readonly round: number; readonly begunAt: number; readonly through: string | null }) | null;
  readonly last: RoundReport | null;
  /** Newest last; 30 at most, days without work left out. */
  readonly days: readonly DayCoverage[];
}

/** Reads how the rolling verification of a job stands, whether one runs now or not. @throws TF_STATE_CORRUPT */
export async function rollingReport(state: StateStore, job: string): Promise<RollingReport> {
  const key = stateKeys.verification(job);
  const stored = await state.get(key);
  if (stored === undefined) return { job, verifiedSince: null, current: null, last: null, days: [] };
  const { round, last, days, parts } = readValue<RollingRecord>(state, key, stored);
  return {
    job,
    verifiedSince: oldestPart(parts, round?.parts ?? []),
    current: round === undefined ? null : { ...round.counts, round: round.number, begunAt: round.begunAt, through: through(round.after) },
    last: last ?? null,
    days,
  };
}

function through(after: string | null): string | null {
  return after === null ? null : keyText(keyOfId(idOfText(after)));
}
