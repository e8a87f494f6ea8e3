import { keySpace, tableKey } from "./key-space.ts";
import type { KeyRange, OrderedStore, StoreChange } from "./ordered-store.ts";

const PAGE_ROWS = 1000;

/**
 * Removes what a dropped table left behind: its rows, its tunnels, its counter, and then the mark that says so. Nobody can read or write these keys any more, so
 * this writes beside the commit queue and without a flush; after a crash, or when it is stopped, the mark is still there and it is done again.
 */
export async function removeDroppedRows(store: OrderedStore, tableId: number, stopped: () => boolean): Promise<void> {
  for (const space of [keySpace.row, keySpace.tunnel, keySpace.tunnelChannel]) {
    if (!(await removeRange(store, { from: tableKey(space, tableId), to: tableKey(space, tableId + 1) }, stopped))) return;
  }
  const marks = [tableKey(keySpace.autoIncrement, tableId), tableKey(keySpace.dropped, tableId)];
  await store.write(
    marks.map((key): StoreChange => ({ type: "del", key })),
    { sync: false },
  );
}

async function removeRange(store: OrderedStore, range: KeyRange, stopped: () => boolean): Promise<boolean> {
  const cursor = store.entries(range);
  try {
    for (let page = await cursor.next(PAGE_ROWS); page.length > 0; page = await cursor.next(PAGE_ROWS)) {
      if (stopped()) return false;
      await store.write(
        page.map(({ key }): StoreChange => ({ type: "del", key })),
        { sync: false },
      );
    }
  } finally {
    await cursor.close();
  }
  return true;
}
