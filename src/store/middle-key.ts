import type { KeyValue } from "../model/value.ts";
import { decodeRealKey } from "../wire/plainbuffer/decode.ts";
import type { KeyRange, OrderedStore, Snapshot } from "./ordered-store.ts";
import { boundKey } from "./row-key.ts";
import { COUNTED_BYTES_MAX, keyAtSize } from "./split-points.ts";
import { storedKey } from "./stored-key.ts";
import type { Table } from "./table.ts";

const PAGE_ROWS = 2000;
/** The middle is found when both sides differ by no more than this part of the whole. */
const TOLERANCE = 0.02;

/**
 * The partition key before which a partition is cut into two of about the same stored bytes. Undefined where there is none: no rows, or all of them
 * share one partition key.
 */
export async function middleKey(store: OrderedStore, table: Table, partition: number): Promise<KeyValue | undefined> {
  const range = table.partition(partition);
  const snapshot = store.snapshot();
  try {
    const row = await rowInTheMiddle(store, range, snapshot);
    if (row === undefined) return undefined;
    const value = partitionKeyOf(row);
    const before = await firstRow(store, { from: range.from, to: boundKey(table, [value], "before") }, snapshot);
    if (before !== undefined) return value;
    const behind = await firstRow(store, { from: boundKey(table, [value], "behind"), to: range.to }, snapshot);
    return behind === undefined ? undefined : partitionKeyOf(behind);
  } finally {
    await snapshot.close();
  }
}

/** Stored bytes of a range of rows: counted where that is quick, else estimated by the sizes of the sorted files. */
export async function storedBytes(store: OrderedStore, range: KeyRange): Promise<number> {
  const estimate = await store.approximateSize(range.from, range.to);
  return estimate > COUNTED_BYTES_MAX ? estimate : countBytes(store, range);
}

async function rowInTheMiddle(
  store: OrderedStore,
  range: { from: Buffer; to: Buffer },
  snapshot: Snapshot,
): Promise<Uint8Array | undefined> {
  const estimate = await store.approximateSize(range.from, range.to);
  if (estimate > COUNTED_BYTES_MAX) {
    const sizeUpTo = (key: Buffer) => store.approximateSize(range.from, key);
    const from = await keyAtSize(sizeUpTo, range.from, range.to, estimate / 2, estimate * TOLERANCE);
    return firstRow(store, { from, to: range.to }, snapshot);
  }
  const bytes = await countBytes(store, range, snapshot);
  let before = 0;
  for await (const row of rowsOf(store, range, snapshot)) {
    if (before > 0 && before + row.length / 2 >= bytes / 2) return row;
    before += row.length;
  }
  return undefined;
}

async function countBytes(store: OrderedStore, range: KeyRange, snapshot?: Snapshot): Promise<number> {
  let bytes = 0;
  for await (const row of rowsOf(store, range, snapshot)) bytes += row.length;
  return bytes;
}

async function* rowsOf(store: OrderedStore, range: KeyRange, snapshot: Snapshot | undefined): AsyncGenerator<Uint8Array> {
  const cursor = store.values(range, snapshot);
  try {
    for (let page = await cursor.next(PAGE_ROWS); page.length > 0; page = await cursor.next(PAGE_ROWS)) yield* page;
  } finally {
    await cursor.close();
  }
}

async function firstRow(store: OrderedStore, range: KeyRange, snapshot: Snapshot): Promise<Uint8Array | undefined> {
  const cursor = store.values(range, snapshot);
  try {
    return (await cursor.next(1))[0];
  } finally {
    await cursor.close();
  }
}

function partitionKeyOf(row: Uint8Array): KeyValue {
  return decodeRealKey(storedKey(row, 1))[0]!.value;
}
