import { keySpace, numberKey, numberRange } from "./key-space.ts";
import type { KeyRange, OrderedStore, StoreChange } from "./ordered-store.ts";

const PAGE_ENTRIES = 1000;

/**
 * Removes what a dropped table left behind: its rows, its tunnels, its counter, and then the mark that says so. Nobody can read or write these keys any more, so
 * this writes beside the commit queue and without a flush; after a crash, or when it is stopped, the mark is still there and it is done again.
 */
export async function removeDroppedRows(store: OrderedStore, tableId: number, stopped: () => boolean): Promise<void> {
  for (const space of [keySpace.row, keySpace.tunnel, keySpace.tunnelChannel, keySpace.tunnelClient]) {
    if (!(await removeRange(store, numberRange(space, tableId), stopped))) return;
  }
  await remove(store, [numberKey(keySpace.autoIncrement, tableId), numberKey(keySpace.dropped, tableId)]);
}

/** Removes the changes of a stream that was switched off, or whose table was dropped, likewise. */
export async function removeGoneStream(store: OrderedStore, stream: number, stopped: () => boolean): Promise<void> {
  if (!(await removeRange(store, numberRange(keySpace.change, stream), stopped))) return;
  await remove(store, [numberKey(keySpace.goneStream, stream)]);
}

/** Removes entries that nobody reads or writes any more; false when it was stopped before the end. */
export async function removeRange(store: OrderedStore, range: KeyRange, stopped: () => boolean): Promise<boolean> {
  const cursor = store.keys(range);
  try {
    for (let page = await cursor.next(PAGE_ENTRIES); page.length > 0; page = await cursor.next(PAGE_ENTRIES)) {
      if (stopped()) return false;
      await remove(store, page);
    }
  } finally {
    await cursor.close();
  }
  return true;
}

function remove(store: OrderedStore, keys: readonly Uint8Array[]): Promise<void> {
  return store.write(
    keys.map((key): StoreChange => ({ type: "del", key })),
    { sync: false },
  );
}
