import { assert } from "../base/assert.ts";
import type { KeyBound } from "../model/value.ts";
import type { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import type { RowWalker } from "../wire/plainbuffer/walk.ts";
import { encodedKeyLengthMax, encodeKeyValues, keyTag, writeEscapedBytes, writeKeyColumn } from "./key-encoding.ts";
import type { Table } from "./table.ts";

/** The last byte of a row's key: 0, and more for the pages a row may one day go on in. */
const FIRST_PAGE = 0x00;
const BEHIND_ALL_PAGES = 0xff;

/** Writes the key under which the row the walker stands on is stored. Its columns have been checked against the schema. */
export function writeRowKey(writer: ByteWriter, table: Table, walker: RowWalker, autoIncrement?: bigint): Uint8Array {
  let room = 6;
  for (let field = 0; field < walker.keyCount; field++) {
    room += encodedKeyLengthMax(walker.valueEnd[field]! - walker.valueAt[field]!) + 9;
  }
  writer.reserve(room);
  const { bytes, at: start } = writer;
  let at = start;
  for (let i = 0; i < 5; i++) bytes[at++] = table.rows.from[i]!;
  for (let field = 0; field < walker.keyCount; field++) at = writeField(bytes, at, walker, field, autoIncrement);
  bytes[at++] = FIRST_PAGE;
  writer.at = at;
  return bytes.subarray(start, at);
}

/** Writes the key under which a row of the table is stored whose key columns are the first `count` of these fields. */
export function writeFieldsKey(writer: ByteWriter, table: Table, walker: RowWalker, fields: Int32Array, count: number): Uint8Array {
  let room = 6;
  for (let i = 0; i < count; i++) room += encodedKeyLengthMax(walker.valueEnd[fields[i]!]! - walker.valueAt[fields[i]!]!) + 9;
  writer.reserve(room);
  const { bytes, at: start } = writer;
  bytes.set(table.rows.from, start);
  let at = start + table.rows.from.length;
  for (let i = 0; i < count; i++) at = writeField(bytes, at, walker, fields[i]!, undefined);
  bytes[at++] = FIRST_PAGE;
  writer.at = at;
  return bytes.subarray(start, at);
}

function writeField(target: Buffer, at: number, walker: RowWalker, field: number, autoIncrement: bigint | undefined): number {
  const source = walker.bytes;
  const valueAt = walker.valueAt[field]!;
  switch (source[valueAt]) {
    case tag.TYPE_INTEGER:
      target[at] = keyTag.integer;
      for (let i = 1; i <= 8; i++) target[at + i] = source[valueAt + 9 - i]!;
      target[at + 1]! ^= 0x80;
      return at + 9;
    case tag.TYPE_STRING:
      return writeEscapedBytes(target, at, keyTag.string, source, valueAt + 5, walker.valueEnd[field]!);
    case tag.TYPE_BINARY:
      return writeEscapedBytes(target, at, keyTag.binary, source, valueAt + 5, walker.valueEnd[field]!);
    default:
      assert(autoIncrement !== undefined, "a value for the AUTO_INCREMENT column");
      return writeKeyColumn(target, at, autoIncrement);
  }
}

/** A position between rows: before the row with this key, or behind it. INF_MIN and INF_MAX make positions before and behind many. */
export function boundKey(table: Table, values: readonly KeyBound[], side: "before" | "behind"): Buffer {
  const parts = [table.rows.from, encodeKeyValues(values)];
  if (side === "behind") parts.push(Buffer.of(BEHIND_ALL_PAGES));
  return Buffer.concat(parts);
}
