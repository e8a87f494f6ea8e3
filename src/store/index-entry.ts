import { limits } from "../model/limits.ts";
import type { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import { RowWalker } from "../wire/plainbuffer/walk.ts";
import type { IndexLayout, KeySource } from "./index-layout.ts";
import type { StoreChange } from "./ordered-store.ts";
import { newestOf, ROW_HEADER_BYTES } from "./row-header.ts";
import { writeFieldsKey } from "./row-key.ts";
import { type StoredRowWriter, valueSizeOf } from "./stored-row-writer.ts";
import type { TableIndex } from "./table-index.ts";

/*
 * What an index holds for a row follows from the bytes stored of that row and from nothing else, neither the clock nor the order of writes. So the entry
 * of a row about to change is found again from the row as it is, whatever has expired since, and laying an entry twice changes nothing.
 */

/** Where the rows of indexes are put together: keys and rows stay valid while the writer's owner does not reset it. */
export interface EntryWriter {
  readonly writer: ByteWriter;
  readonly out: StoredRowWriter;
}

/** Scratch: an entry is made within one call. */
const before = new RowWalker("none");
const after = new RowWalker("none");
const keyFields = new Int32Array(2 * limits.keyColumnsMax);

/** Appends what indexes change when a row goes from one stored form to another; undefined where there is none. */
export function appendIndexChanges(
  target: EntryWriter,
  indexes: readonly TableIndex[],
  old: Uint8Array | undefined,
  row: Uint8Array | undefined,
  changes: StoreChange[],
): void {
  if (old !== undefined) before.openRows(old, ROW_HEADER_BYTES, old.length).next();
  if (row !== undefined) after.openRows(row, ROW_HEADER_BYTES, row.length).next();
  for (const index of indexes) {
    const oldKey = old === undefined ? undefined : entryKey(target.writer, index, before);
    // Last, since the entry is made of the fields its key was found in.
    const key = row === undefined ? undefined : entryKey(target.writer, index, after);
    if (oldKey !== undefined && (key === undefined || Buffer.compare(oldKey, key) !== 0)) changes.push({ type: "del", key: oldKey });
    if (key !== undefined) changes.push({ type: "put", key, value: entryRow(target.out, index.layout, newestOf(row!)) });
  }
}

/** The key of a row's entry, whose fields are in `keyFields` then; undefined for a row that lacks a column of the key, which is not in the index. */
function entryKey(writer: ByteWriter, { layout, table }: TableIndex, row: RowWalker): Uint8Array | undefined {
  const { key } = layout;
  for (let i = 0; i < key.length; i++) {
    const field = keyField(row, key[i]!);
    if (field < 0) return undefined;
    keyFields[i] = field;
  }
  return writeFieldsKey(writer, table, row, keyFields, key.length);
}

/** A value that can be no key, of another type or too long, counts as missing: it was written before the column was defined or indexed (unverified). */
function keyField(row: RowWalker, { keyField: own, column, type }: KeySource): number {
  if (own >= 0) return own;
  const field = cellNamed(row, column);
  if (field < 0 || row.typeOf(field) !== type) return -1;
  return type !== tag.TYPE_INTEGER && valueSizeOf(row, field) > limits.keyValueBytesMax ? -1 : field;
}

/** The entry whose key was found last. It lives as long as the columns of its key, or as the row where those are its key. */
function entryRow(out: StoredRowWriter, { key, cells }: IndexLayout, newest: number): Uint8Array {
  out.begin(after.rowEnd - after.rowStart, cells.length);
  let until = Number.POSITIVE_INFINITY;
  for (let i = 0; i < key.length; i++) {
    const field = keyFields[i]!;
    out.keyField(after, field);
    if (field >= after.keyCount) until = Math.min(until, after.timestampOf(field));
  }
  for (const name of cells) {
    const field = cellNamed(after, name);
    if (field >= 0) out.cell(after, field, false);
  }
  return out.end(until === Number.POSITIVE_INFINITY ? newest : until);
}

/** The newest cell of a column in a stored row, whose cells are in byte order of name; -1 where there is none. */
function cellNamed(row: RowWalker, name: Uint8Array): number {
  let low = row.keyCount;
  let high = row.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareName(row, middle, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low < row.count && compareName(row, low, name) === 0 ? low : -1;
}

function compareName({ bytes, nameAt, nameEnd }: RowWalker, field: number, name: Uint8Array): number {
  let at = nameAt[field]!;
  const end = nameEnd[field]!;
  for (let i = 0; i < name.length && at < end; i++) {
    const difference = bytes[at++]! - name[i]!;
    if (difference !== 0) return difference;
  }
  return end - nameAt[field]! - name.length;
}
