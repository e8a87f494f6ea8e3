import { RowWalker } from "../wire/plainbuffer/walk.ts";
import type { OrderedStore, Snapshot } from "./ordered-store.ts";
import { ROW_HEADER_BYTES } from "./row-header.ts";
import { storedKey } from "./stored-key.ts";
import type { Table } from "./table.ts";

/** Up to here rows are counted one by one: 0.2 s, and what is not in sorted files yet would weigh too much in an estimate. */
export const COUNTED_BYTES_MAX = 32 * 1024 * 1024;
/** Places at which stored bytes are compared with the bytes they take on disk. */
const SAMPLES = 4;
const SAMPLE_ROWS = 2000;
/** An estimate is good enough this close to what is looked for. */
const TOLERANCE = 0.02;

/**
 * Keys that cut a table into parts of about `splitBytes` of stored rows (at most `limit` keys): encoded keys in order, each with as few columns as
 * tell it from the row before it. Counted in small tables; in larger ones found by the sizes of the sorted files, whose compression is measured
 * at a few places, without reading the table.
 */
export async function splitPoints(store: OrderedStore, table: Table, splitBytes: number, limit: number): Promise<Uint8Array[]> {
  const snapshot = store.snapshot();
  try {
    const total = await store.approximateSize(table.rows.from, table.rows.to);
    if (total <= COUNTED_BYTES_MAX) return await countedPoints(store, table, splitBytes, limit, snapshot);
    return await estimatedPoints(store, table, splitBytes, limit, total, snapshot);
  } finally {
    await snapshot.close();
  }
}

async function countedPoints(
  store: OrderedStore,
  table: Table,
  splitBytes: number,
  limit: number,
  snapshot: Snapshot,
): Promise<Uint8Array[]> {
  const points: Uint8Array[] = [];
  const cursor = store.values(table.rows, snapshot);
  let bytes = 0;
  let last: Uint8Array | undefined;
  try {
    for (let page = await cursor.next(SAMPLE_ROWS); page.length > 0 && points.length < limit; page = await cursor.next(SAMPLE_ROWS)) {
      for (const row of page) {
        if (bytes >= splitBytes && last !== undefined && points.length < limit) {
          points.push(shortestKey(last, row));
          bytes = 0;
        }
        bytes += row.length;
        last = row;
      }
    }
  } finally {
    await cursor.close();
  }
  return points;
}

async function estimatedPoints(
  store: OrderedStore,
  table: Table,
  splitBytes: number,
  limit: number,
  total: number,
  snapshot: Snapshot,
): Promise<Uint8Array[]> {
  const sizeUpTo = (key: Buffer) => store.approximateSize(table.rows.from, key);
  const step = splitBytes / (await bytesPerFileByte(store, table, total, snapshot));
  const points: Uint8Array[] = [];
  let low = table.rows.from;
  for (let wanted = step; wanted < total - step * TOLERANCE && points.length < limit; wanted += step) {
    low = await keyAtSize(sizeUpTo, low, table.rows.to, wanted, step * TOLERANCE);
    const point = await pointBehind(store, table, low, snapshot);
    if (point === undefined) break;
    if (points.length === 0 || Buffer.compare(points.at(-1)!, point) !== 0) points.push(point);
  }
  return points;
}

/** Stored bytes for each byte the sorted files take for them. */
async function bytesPerFileByte(store: OrderedStore, table: Table, total: number, snapshot: Snapshot): Promise<number> {
  let stored = 0;
  let taken = 0;
  for (let i = 0; i < SAMPLES; i++) {
    const wanted = (total * (2 * i + 1)) / (2 * SAMPLES);
    const from = await keyAtSize((key) => store.approximateSize(table.rows.from, key), table.rows.from, table.rows.to, wanted, total / 100);
    const cursor = store.entries({ from, to: table.rows.to }, snapshot);
    const rows = await cursor.next(SAMPLE_ROWS);
    await cursor.close();
    const last = rows.at(-1);
    if (last === undefined) continue;
    stored += rows.reduce((sum, { value }) => sum + value.length, 0);
    taken += await store.approximateSize(from, Buffer.from(last.key));
  }
  // Too few bytes to tell: what is sampled lies in memory still.
  return taken === 0 || stored === 0 ? 1 : stored / taken;
}

/** A key before which about `wanted` bytes lie, found by halving the space of keys between `low` and `high`. */
export async function keyAtSize(
  sizeUpTo: (key: Buffer) => Promise<number>,
  low: Buffer,
  high: Buffer,
  wanted: number,
  tolerance: number,
): Promise<Buffer> {
  for (;;) {
    const middle = middleKey(low, high);
    if (middle === undefined) return high;
    const size = await sizeUpTo(middle);
    if (Math.abs(size - wanted) <= tolerance) return middle;
    if (size < wanted) low = middle;
    else high = middle;
  }
}

/** Bytes beyond which two keys are not told apart. */
const KEY_DEPTH = 128;

/** A key halfway between two, as numbers; undefined where there is none to the depth looked at. */
function middleKey(low: Buffer, high: Buffer): Buffer | undefined {
  let common = 0;
  while (common < low.length && common < high.length && low[common] === high[common]) common++;
  // A few bytes behind the first difference are mostly enough to halve the distance.
  for (let length = common + 4; length <= KEY_DEPTH; length += 8) {
    const start = numberOf(low, length);
    const middle = (start + numberOf(high, length)) / 2n;
    if (middle > start) return Buffer.from(middle.toString(16).padStart(length * 2, "0"), "hex");
  }
  return undefined;
}

function numberOf(key: Buffer, length: number): bigint {
  const bytes = Buffer.alloc(length);
  key.copy(bytes, 0, 0, length);
  return BigInt(`0x${bytes.toString("hex")}`);
}

/** The key of the first row behind `from`, as short as tells it from the row before. */
async function pointBehind(store: OrderedStore, table: Table, from: Buffer, snapshot: Snapshot): Promise<Uint8Array | undefined> {
  const [behind, before] = [
    store.values({ from, to: table.rows.to }, snapshot),
    store.values({ from: table.rows.from, to: from, reverse: true }, snapshot),
  ];
  const [[row], [last]] = await Promise.all([behind.next(1), before.next(1)]);
  await Promise.all([behind.close(), before.close()]);
  return row === undefined || last === undefined ? undefined : shortestKey(last, row);
}

const left = new RowWalker("none");
const right = new RowWalker("none");

function shortestKey(before: Uint8Array, row: Uint8Array): Uint8Array {
  left.openRows(before, ROW_HEADER_BYTES, before.length).next();
  right.openRows(row, ROW_HEADER_BYTES, row.length).next();
  let columns = 0;
  while (columns < right.keyCount && sameField(columns)) columns++;
  return storedKey(row, columns + 1);
}

function sameField(field: number): boolean {
  const a = left.bytes.subarray(left.start[field]!, left.end[field]!);
  return Buffer.compare(a, right.bytes.subarray(right.start[field]!, right.end[field]!)) === 0;
}
