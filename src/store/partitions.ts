import type { TableSchema } from "../model/schema.ts";
import type { KeyValue } from "../model/value.ts";
import { decodeRealKey } from "../wire/plainbuffer/decode.ts";
import { encodeKey } from "../wire/plainbuffer/encode.ts";
import { encodeKeyValues } from "./key-encoding.ts";

/*
 * A table's key space is cut into partitions at values of its first key column, the partition key: rows that share it never part (as the
 * service has it). A cut belongs to the partition behind it. Rows do not know of cuts, so cutting moves nothing.
 */

/** The partition in which a row's key lies, the first being 0. No work where there is but one. */
export function partitionOf(cuts: readonly Uint8Array[], rowKey: Uint8Array): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(cuts[middle]!, rowKey) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A cut as kept and as told: the first key column as PlainBuffer. */
export function encodeCut({ key }: TableSchema, value: KeyValue): Uint8Array {
  return encodeKey([{ name: key[0]!.name, value }]);
}

/** Where the rows behind a kept cut begin: no row's key equals it, every one of theirs is greater. */
export function cutKey(rowsFrom: Uint8Array, cut: Uint8Array): Buffer {
  return Buffer.concat([rowsFrom, encodeKeyValues(decodeRealKey(cut).map(({ value }) => value))]);
}

/** Kept cuts at these values, in order, each once. */
export function cutsAt(schema: TableSchema, values: readonly KeyValue[]): string[] {
  const byKey = new Map(values.map((value) => [encodeKeyValues([value]).toString("latin1"), value]));
  return [...byKey.keys()].sort().map((key) => Buffer.from(encodeCut(schema, byKey.get(key)!)).toString("base64"));
}
