import { INF_MAX, INF_MIN, type KeyBound } from "./value.ts";

/** One primary-key column with its value; a key lists them in schema order. */
export interface KeyColumn<V = KeyBound> {
  readonly name: string;
  readonly value: V;
}

/**
 * Order of two key values: INF_MIN, then values, then INF_MAX; integers signed, strings by UTF-8 bytes,
 * binaries by unsigned bytes (reference 3.7). Values of different types do not occur in one column.
 */
export function compareKeyValue(a: KeyBound, b: KeyBound): number {
  if (a === b) return 0;
  if (a === INF_MIN || b === INF_MAX) return -1;
  if (a === INF_MAX || b === INF_MIN) return 1;
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : 1;
  return Buffer.compare(bytesOf(a), bytesOf(b));
}

/** Column by column, by position; a key that is a prefix of the other sorts first. */
export function compareKey(a: readonly KeyColumn[], b: readonly KeyColumn[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareKeyValue(a[i]!.value, b[i]!.value);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function bytesOf(value: KeyBound): Uint8Array {
  return typeof value === "string" ? Buffer.from(value) : (value as Uint8Array);
}
