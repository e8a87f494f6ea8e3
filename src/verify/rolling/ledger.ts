import type { Split } from "../../connector/connector.ts";
import type { Difference } from "../../job/result.ts";
import { OwnedEntry } from "../../pipeline/owned-entry.ts";
import { stateKeys } from "../../pipeline/state-keys.ts";
import type { StateStore } from "../../pipeline/state-store.ts";
import { addCounts, noCounts, type Counts } from "./counts.ts";
import { addPart, type Part } from "./parts.ts";
import type { DayCoverage, RoundReport } from "./report.ts";
import type { SidePlace } from "./side-cursor.ts";

/** A round that is under way. JSON-clean. */
export interface RoundRecord {
  readonly number: number;
  readonly begunAt: number;
  readonly resumed: boolean;
  readonly splits: { readonly source: readonly Split[]; readonly target: readonly Split[] };
  readonly places: { readonly source: SidePlace; readonly target: SidePlace };
  /** The last key that was compared, as its canonical bytes in base64. */
  readonly after: string | null;
  readonly parts: readonly Part[];
  readonly counts: Counts;
  readonly differences: readonly Difference[];
}

/**
 * All that a rolling verification keeps, in one entry: what it has compared, how far it is and what it counted change together or not
 * at all, so that a kill neither loses a count nor counts twice. Well below 1 MB, since everything in it is bounded.
 */
export interface RollingRecord {
  readonly version: 1;
  /** What is compared with what: what was verified under another identity says nothing of these sides. */
  readonly identity: string;
  readonly round: RoundRecord | undefined;
  readonly last: RoundReport | undefined;
  /** Of the last whole round. */
  readonly parts: readonly Part[];
  readonly days: readonly DayCoverage[];
}

const DAYS_KEPT = 30;
const DIFFERENCES_KEPT = 100;
/** Columns told of one difference. */
export const COLUMNS_KEPT = 10;

/** The record of one job's rolling verification under one verifier's token. */
export class RollingLedger {
  readonly #entry: OwnedEntry<RollingRecord>;
  #record: RollingRecord;

  private constructor(entry: OwnedEntry<RollingRecord>, record: RollingRecord) {
    this.#entry = entry;
    this.#record = record;
  }

  /** Takes the record over. Of other sides, or another mapping, only the days are kept. @throws TF_FENCED, TF_STATE_CORRUPT */
  static async take(state: StateStore, job: string, token: string, identity: string): Promise<RollingLedger> {
    const entry = await OwnedEntry.take<RollingRecord>(state, stateKeys.verification(job), token);
    const stored = entry.value;
    const fresh: RollingRecord = { version: 1, identity, round: undefined, last: undefined, parts: [], days: stored?.days ?? [] };
    return new RollingLedger(entry, stored?.identity === identity ? stored : fresh);
  }

  get record(): RollingRecord {
    return this.#record;
  }

  begin(round: RoundRecord): Promise<void> {
    return this.#write({ ...this.#record, round });
  }

  /** One stretch further. @throws TF_FENCED */
  async advance(stretch: StretchResult, day: string): Promise<RoundRecord> {
    const before = this.#record.round!;
    const round: RoundRecord = {
      ...before,
      places: stretch.places,
      after: stretch.after,
      parts: addPart(before.parts, stretch.part),
      counts: addCounts(before.counts, stretch.counts),
      differences: keptDifferences([...before.differences, ...stretch.differences]),
    };
    await this.#write({ ...this.#record, round, days: onDay(this.#record.days, day, stretch.counts, 0) });
    return round;
  }

  /**
   * The round is over. @param parts what it verified; empty where it was no whole round: then the last whole one's stay
   * @param counted what the days have not been told yet
   */
  end(report: RoundReport, parts: readonly Part[], day: string, counted: Counts = noCounts): Promise<void> {
    const { days, parts: before } = this.#record;
    const kept = { ...report, differences: keptDifferences(report.differences) };
    return this.#write({
      ...this.#record,
      round: undefined,
      last: kept,
      parts: parts.length === 0 ? before : parts,
      days: onDay(days, day, counted, 1),
    });
  }

  async #write(record: RollingRecord): Promise<void> {
    await this.#entry.write(record);
    this.#record = record;
  }
}

export interface StretchResult {
  readonly places: RoundRecord["places"];
  readonly after: string | null;
  readonly part: Part;
  readonly counts: Counts;
  readonly differences: readonly Difference[];
}

function onDay(days: readonly DayCoverage[], day: string, counts: Counts, rounds: number): readonly DayCoverage[] {
  const at = days.findIndex((one) => one.day === day);
  const before = days[at] ?? { ...noCounts, day, rounds: 0 };
  const now: DayCoverage = { ...addCounts(before, counts), day, rounds: before.rounds + rounds };
  const others = days.filter((one) => one.day !== day);
  return [...others, now].sort((a, b) => (a.day < b.day ? -1 : 1)).slice(-DAYS_KEPT);
}

function keptDifferences(differences: readonly Difference[]): readonly Difference[] {
  return differences.slice(0, DIFFERENCES_KEPT).map((one) => ({ ...one, columns: one.columns.slice(0, COLUMNS_KEPT) }));
}
