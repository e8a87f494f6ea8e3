import { readValue } from "../../pipeline/owned-entry.ts";
import { stateKeys } from "../../pipeline/state-keys.ts";
import type { StateStore } from "../../pipeline/state-store.ts";

/** Which side takes the writers' writes; the sync goes from it to the other one. */
export type Way = "forward" | "back";

/**
 * How far a cut-over is, by stored facts (R12); each step may be repeated. `idle`: none is under way. `fencing`: the open side is about to be closed, or is.
 * `fenced`: it is closed, and what was accepted before is over. `drained`: the other side has everything. `proved`: it was verified. `handed over`: no
 * worker writes to it any more. `turned`: the tunnel of the way back is there; the other side may be opened.
 * `retreating`: the side that was open is to be opened again.
 */
export type CutOverStep = "idle" | "retreating" | "fencing" | "fenced" | "drained" | "proved" | "handed over" | "turned";

export interface CutOverRecord {
  readonly way: Way;
  readonly step: CutOverStep;
  /** Wall clock, milliseconds: when the open side was closed to writers. */
  readonly fencedAt?: number | undefined;
  /** Grows with each cut-over that came to its end. */
  readonly turns: number;
  /** Of the last one: seconds in which neither side took writes. */
  readonly fenceSeconds?: number | undefined;
  /** When the last one ended. */
  readonly turnedAt?: number | undefined;
  /** Why the last attempt went back. */
  readonly retreat?: string | undefined;
}

export const noCutOver: CutOverRecord = { way: "forward", step: "idle", turns: 0 };

/** @throws TF_STATE_CORRUPT */
export async function peekCutOver(state: StateStore, job: string): Promise<CutOverRecord> {
  const key = stateKeys.cutOver(job);
  const stored = await state.get(key);
  return stored === undefined ? noCutOver : readValue<CutOverRecord>(state, key, stored);
}
