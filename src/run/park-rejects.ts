import type { SyncSpec } from "../job/sync-spec.ts";
import { peekRun } from "../migrate/run-state.ts";
import { CheckpointStore } from "../pipeline/checkpoint.ts";
import { RejectStore } from "../pipeline/rejects.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { parkReject } from "../sync/apply/parked-keys.ts";

/**
 * Parks the key of every row that the copy could not carry over, before the first change is applied: a later change of such a row would else
 * make a part of it in the target (R6).
 */
export async function parkRejects({ name }: SyncSpec, state: StateStore, token: string): Promise<void> {
  const record = await peekRun(state, name);
  if (record === undefined) return;
  const checkpoints = await new CheckpointStore(state, name, record.generation).read();
  for await (const reject of new RejectStore(state, name, record.generation).read(checkpoints)) await parkReject(state, name, token, reject);
}
