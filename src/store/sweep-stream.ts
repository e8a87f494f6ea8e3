import type { Catalogue } from "./catalogue.ts";
import type { ChangeLog, LogShard } from "./change-log.ts";
import { changeKey, lastSequenceOf } from "./change-entry.ts";
import type { OrderedStore } from "./ordered-store.ts";
import { removeRange } from "./remove-dropped.ts";

export interface SweepContext {
  readonly store: OrderedStore;
  readonly catalogue: Catalogue;
  readonly stopped: () => boolean;
}

/**
 * Removes the records of a stream that have expired, those with a sequence below `floor`, and closed shards that have none left; records that were written together go
 * together, when the last of them has expired. How far it trims is made durable before a record goes, so that a reader left behind is told so and a sequence is never given twice; a shard goes after
 * its records, so that a crash leaves nothing that nobody finds. One sweep of a stream at a time.
 */
export async function sweepStream({ store, catalogue, stopped }: SweepContext, log: ChangeLog, floor: number): Promise<void> {
  const over = () => stopped() || log.table.stream !== log || log.table.dropped;
  const keep = () => catalogue.updateTable(log.table, { ...log.table.record, stream: log.kept() });

  const trimmed: LogShard[] = [];
  for (const shard of log.shards) {
    const last = await lastBelow(store, shard, floor);
    if (last === undefined) continue;
    shard.trimmedTo = Math.max(shard.trimmedTo, last + 1);
    trimmed.push(shard);
  }
  if (over()) return;
  if (trimmed.length > 0) await keep();
  for (const shard of trimmed) {
    const { removedTo, trimmedTo } = shard;
    if (!(await removeRange(store, { from: changeKey(shard, removedTo), to: changeKey(shard, trimmedTo) }, over))) return;
    shard.removedTo = trimmedTo;
  }
  const gone = log.shards.filter(({ closed, closedAt }) => closed && closedAt! < floor);
  if (gone.length === 0 || over()) return;
  log.forget(new Set(gone));
  await keep();
}

/** The sequence of the last record below `floor` that is still in storage and has nothing later kept with it. */
async function lastBelow(store: OrderedStore, shard: LogShard, floor: number): Promise<number | undefined> {
  if (floor <= shard.removedTo) return undefined;
  const cursor = store.keys({ from: changeKey(shard, shard.removedTo), to: changeKey(shard, floor), reverse: true });
  try {
    const [key] = await cursor.next(1);
    return key === undefined ? undefined : lastSequenceOf(key);
  } finally {
    await cursor.close();
  }
}
