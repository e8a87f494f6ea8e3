import { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { appendIndexChanges } from "./index-entry.ts";
import { keySpace, numberKey } from "./key-space.ts";
import type { OrderedStore, StoreChange } from "./ordered-store.ts";
import { StoredRowWriter } from "./stored-row-writer.ts";
import type { Table } from "./table.ts";
import type { TableIndex } from "./table-index.ts";

const PAGE_ROWS = 500;
/** Bytes of entries after which a batch is closed, which may be of one row. */
const BATCH_BYTES = 1024 * 1024;

export interface FillContext {
  readonly store: OrderedStore;
  readonly queue: CommitQueue;
  readonly stopped: () => boolean;
}

/**
 * Adds to an index the rows that were in its table before it, while writes go on. Begin it once the index is durable: writes enqueued since then
 * lay their entries themselves, and what was enqueued before is found here. Each row is looked at again in the turn in which its entry is enqueued, so no entry
 * is older than its row. How far it got is kept in the batch of the entries: after a crash, or when it is stopped, it goes on from there.
 */
export async function fillIndex({ store, queue, stopped }: FillContext, table: Table, index: TableIndex): Promise<void> {
  if (index.fillFrom === undefined) return;
  const cursor = store.entries({ from: index.fillFrom, to: table.rows.to });
  try {
    for (let page = await cursor.next(PAGE_ROWS); page.length > 0; page = await cursor.next(PAGE_ROWS)) {
      for (let done = 0; done < page.length;) {
        if (stopped() || index.table.dropped) return;
        const writer = new ByteWriter();
        const target = { writer, out: new StoredRowWriter(writer, 0) };
        const changes: StoreChange[] = [];
        while (done < page.length && writer.at < BATCH_BYTES) {
          appendIndexChanges(target, [index], undefined, queue.get(page[done++]!.key), changes);
        }
        index.fillFrom = Buffer.concat([page[done - 1]!.key, Buffer.of(0)]);
        await queue.commit([...changes, fillMark(index)]);
      }
    }
  } finally {
    await cursor.close();
  }
  if (stopped() || index.table.dropped) return;
  await queue.commit([{ type: "del", key: fillMarkKey(index) }]);
  index.fillFrom = undefined;
}

/** Says how far an index is filled; there is none for an index that is complete. */
export function fillMark(index: TableIndex): StoreChange {
  return { type: "put", key: fillMarkKey(index), value: index.fillFrom ?? Buffer.alloc(0) };
}

export function fillMarkKey({ table }: TableIndex): Buffer {
  return numberKey(keySpace.indexFill, table.id);
}
