import type { SyncSpec } from "../job/sync-spec.ts";
import { peekRun } from "../migrate/run-state.ts";
import { CheckpointStore } from "../pipeline/checkpoint.ts";
import { RejectStore } from "../pipeline/rejects.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { parkReject } from "../sync/apply/park-reject.ts";

/** The initial copy of a sync, as a job: its state lies within the sync's. */
export function copyName({ name }: Pick<SyncSpec, "name">): string {
  return `${name}/copy`;
}

/**
 * Parks the key of every row that the copy could not carry over, before the first change is applied: a later change of such a row would else
 * make a part of it in the target (R6).
 */
export async function parkRejects(spec: SyncSpec, state: StateStore, token: string): Promise<void> {
  const copy = copyName(spec);
  const record = await peekRun(state, copy);
  if (record === undefined) return;
  const checkpoints = await new CheckpointStore(state, copy, record.generation).read();
  const rejects = new RejectStore(state, copy, record.generation).read(checkpoints);
  for await (const reject of rejects) await parkReject(state, spec.name, token, record.generation, reject);
}
