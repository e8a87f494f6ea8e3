import { readValue } from "../pipeline/owned-entry.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";

/**
 * How far a sync is, by stored facts (R3). `preparing`: its stream and tunnel may be there. `copying`: the tunnel gathers changes, every
 * channel's first checkpoint is known; rows may be in the target. `streaming`: the copy is acknowledged and fenced, changes are applied.
 */
export type SyncStage = "preparing" | "copying" | "streaming";

/** The row of a sync; its workers change it together, each step by compare-and-set. */
export interface SyncRecord {
  readonly format: 1;
  readonly kind: "sync";
  readonly jobHash: string;
  readonly mappingHash: string;
  readonly stage: SyncStage;
  /** The copy goes over what an earlier one left. */
  readonly again: boolean;
  readonly tunnel: { readonly name: string; readonly id: string };
  /** Incarnations of both sides (R9); the target's is known once it was made ready. */
  readonly source: { readonly title: string; readonly incarnation: string };
  readonly target: { readonly title: string; readonly incarnation: string };
  /** Where each channel stood before the first row was read (R3). */
  readonly firstCheckpoints: number;
  /** Wall clock, milliseconds. */
  readonly begun: number;
  /** When the last row of the copy was read; until every channel has passed this moment the target is catching up. */
  readonly scanEnded?: number | undefined;
  /** A changed mapping holds for changes from this moment on (R13); verification compares only rows changed since. */
  readonly mappingSince?: number | undefined;
  readonly copied?: { readonly rowsRead: number; readonly rowsWritten: number; readonly rejects: number } | undefined;
}

/** @throws TF_STATE_CORRUPT */
export async function peekSync(state: StateStore, job: string): Promise<SyncRecord | undefined> {
  const key = stateKeys.sync(job);
  const stored = await state.get(key);
  return stored === undefined ? undefined : readValue<SyncRecord>(state, key, stored);
}
