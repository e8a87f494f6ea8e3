import { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { RowWalker } from "../wire/plainbuffer/walk.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { composeRemains } from "./compose-update.ts";
import { appendIndexChanges } from "./index-entry.ts";
import type { OrderedStore, StoreChange } from "./ordered-store.ts";
import { isLocked, type PartitionLocks } from "./partition-lock.ts";
import { newestOf, oldestOf, ROW_HEADER_BYTES, versionsOf } from "./row-header.ts";
import { expiryFloor } from "./row-reader.ts";
import { StoredRowWriter } from "./stored-row-writer.ts";
import type { Table } from "./table.ts";
import type { TableIndex } from "./table-index.ts";

const PAGE_ROWS = 500;

/**
 * Removes from storage what reads do not show any more: expired cells and rows, and versions beyond the table's number. Returns the rows
 * changed. Works beside reads and writes: each row is looked at again in the turn in which its change is enqueued. What a transaction has locked is left for
 * another time: it may have told of what it found there.
 */
export async function sweepTable(
  store: OrderedStore,
  queue: CommitQueue,
  table: Table,
  { now, stopped, locks }: { readonly now: () => number; readonly stopped: () => boolean; readonly locks: PartitionLocks },
): Promise<number> {
  let changed = 0;
  const cursor = store.entries(table.rows);
  try {
    for (let page = await cursor.next(PAGE_ROWS); page.length > 0; page = await cursor.next(PAGE_ROWS)) {
      if (stopped() || table.dropped) break;
      const changes: StoreChange[] = [];
      for (const { key, value } of page) {
        if (!needsSweep(table, value, now())) continue;
        const current = queue.get(key);
        if (current === undefined || !needsSweep(table, current, now())) continue;
        const old = new RowWalker("none").openRows(current, ROW_HEADER_BYTES, current.length);
        old.next();
        if (isLocked(locks, table, old)) continue;
        const change = swept(table, key, current, old, now());
        if (table.indexes !== undefined) indexSwept(table.indexes, current, change, changes);
        changes.push(change);
        changed++;
      }
      if (changes.length > 0) await queue.commit(changes);
    }
  } finally {
    await cursor.close();
  }
  return changed;
}

function needsSweep(table: Table, row: Uint8Array, now: number): boolean {
  return oldestOf(row) < expiryFloor(table, now) || versionsOf(row) > table.schema.options.maxVersions;
}

function swept(table: Table, key: Uint8Array, row: Uint8Array, old: RowWalker, now: number): StoreChange {
  const floor = expiryFloor(table, now);
  if (newestOf(row) < floor) return { type: "del", key };
  const out = new StoredRowWriter(new ByteWriter(row.length + 64), now);
  return { type: "put", key, value: composeRemains(out, old, { now, floor, maxVersions: table.schema.options.maxVersions }) };
}

/** Entries go with what they were made of, not by their own age. */
function indexSwept(indexes: readonly TableIndex[], row: Uint8Array, change: StoreChange, changes: StoreChange[]): void {
  const writer = new ByteWriter(row.length);
  const remains = change.type === "put" ? change.value : undefined;
  appendIndexChanges({ writer, out: new StoredRowWriter(writer, 0) }, indexes, row, remains, changes);
}
