import type { KeyColumn } from "../../model/key.ts";
import type { Cell, Row } from "../../model/row.ts";
import type { AUTO_INCREMENT, KeyBound, KeyValue, Value } from "../../model/value.ts";
import { corrupt } from "../corrupt.ts";
import { invalid } from "../service-error.ts";
import { decodeName } from "./names.ts";
import * as tag from "./tag.ts";
import { readValue } from "./value.ts";
import { ABSENT, RowWalker } from "./walk.ts";

/** A value in a key as the wire allows it: the caller refuses the placeholders that make no sense in its place. */
export type WireKeyValue = KeyBound | typeof AUTO_INCREMENT;

/**
 * One key, as GetRow, ranges and split points carry it.
 * @throws TF_WIRE_CORRUPT; ServiceError for a type that no key column has.
 */
export function decodeKey(bytes: Uint8Array): KeyColumn<WireKeyValue>[] {
  const walker = new RowWalker().open(bytes);
  if (!walker.next()) corrupt("a key without columns", bytes.length, "row");
  if (walker.count > walker.keyCount || walker.deleted) corrupt("a key with more than key columns", walker.rowEnd, "row");
  const key = keyOf(walker);
  endOf(walker);
  return key;
}

/** A key of real values only, as replies carry it. @throws TF_WIRE_CORRUPT */
export function decodeRealKey(bytes: Uint8Array): KeyColumn<KeyValue>[] {
  const walker = new RowWalker().open(bytes);
  if (!walker.next()) corrupt("a key without columns", bytes.length, "row");
  return realKeyOf(walker);
}

/** The one row of a GetRow reply; undefined where the bytes are empty because there is none. @throws TF_WIRE_CORRUPT */
export function decodeRow(bytes: Uint8Array): Row | undefined {
  if (bytes.length === 0) return undefined;
  const walker = new RowWalker().open(bytes);
  if (!walker.next()) return undefined;
  const row = rowOf(walker);
  endOf(walker);
  return row;
}

/** The rows of a GetRange reply. @throws TF_WIRE_CORRUPT */
export function decodeRows(bytes: Uint8Array): Row[] {
  const walker = new RowWalker().open(bytes);
  const rows: Row[] = [];
  while (walker.next()) rows.push(rowOf(walker));
  return rows;
}

/** The row a walker stands on, as read: real key values, cells with value and timestamp. @throws TF_WIRE_CORRUPT */
export function rowOf(walker: RowWalker): Row {
  const cells = new Array<Cell>(walker.count - walker.keyCount);
  for (let field = walker.keyCount; field < walker.count; field++) cells[field - walker.keyCount] = cellOf(walker, field);
  return { key: realKeyOf(walker), cells };
}

/** The key of the row a walker stands on. @throws ServiceError for a type that no key column has; TF_WIRE_CORRUPT */
export function keyOf(walker: RowWalker): KeyColumn<WireKeyValue>[] {
  const { bytes, view, keyCount } = walker;
  if (keyCount === 0) corrupt("a row without key columns", walker.rowStart, "row");
  const key = new Array<KeyColumn<WireKeyValue>>(keyCount);
  for (let field = 0; field < keyCount; field++) {
    const valueAt = walker.valueAt[field]!;
    if (valueAt === ABSENT) corrupt("a key column without value", walker.start[field]!, "row");
    if (walker.op[field] !== 0 || walker.timestampAt[field] !== ABSENT) corrupt("a key column with a version", walker.start[field]!, "row");
    const value = readValue(bytes, view, valueAt, walker.valueEnd[field]!);
    if (typeof value === "number" || typeof value === "boolean" || value === null) {
      invalid(`${tag.typeName[bytes[valueAt]!]} is an invalid type for the primary key.`);
    }
    key[field] = { name: decodeName(bytes, view, walker.nameAt[field]!, walker.nameEnd[field]!), value };
  }
  return key;
}

/** The key of a row that is stored: no placeholders. @throws TF_WIRE_CORRUPT */
export function realKeyOf(walker: RowWalker): KeyColumn<KeyValue>[] {
  const { bytes, view, keyCount } = walker;
  if (keyCount === 0) corrupt("a row without key columns", walker.rowStart, "row");
  const key = new Array<KeyColumn<KeyValue>>(keyCount);
  for (let field = 0; field < keyCount; field++) {
    const valueAt = walker.valueAt[field]!;
    const type = valueAt === ABSENT ? ABSENT : bytes[valueAt];
    if (type !== tag.TYPE_INTEGER && type !== tag.TYPE_STRING && type !== tag.TYPE_BINARY) {
      corrupt("a key column that is no integer, string or binary", walker.start[field]!, "row");
    }
    const value = readValue(bytes, view, valueAt, walker.valueEnd[field]!) as KeyValue;
    key[field] = { name: decodeName(bytes, view, walker.nameAt[field]!, walker.nameEnd[field]!), value };
  }
  return key;
}

/** One cell as read. @throws TF_WIRE_CORRUPT */
export function cellOf(walker: RowWalker, field: number): Cell {
  const { bytes, view } = walker;
  if (walker.valueAt[field] === ABSENT || walker.timestampAt[field] === ABSENT || walker.op[field] !== 0) {
    corrupt("a cell that is not value and timestamp", walker.start[field]!, "row");
  }
  return {
    name: decodeName(bytes, view, walker.nameAt[field]!, walker.nameEnd[field]!),
    value: storedValueOf(walker, field),
    timestamp: walker.timestampOf(field),
  };
}

/** The value of a cell as read. @throws TF_WIRE_CORRUPT for a type that is never stored. */
export function storedValueOf(walker: RowWalker, field: number): Value {
  const valueAt = walker.valueAt[field]!;
  if (valueAt === ABSENT) corrupt("a cell without value", walker.start[field]!, "row");
  const value = readValue(walker.bytes, walker.view, valueAt, walker.valueEnd[field]!);
  if (value === null || typeof value === "symbol") corrupt("a cell whose type is never stored", valueAt, "row");
  return value;
}

/** Refuses anything but padding behind the one row that was asked for. */
export function endOf(walker: RowWalker): void {
  if (walker.next()) corrupt("more than one row", walker.rowStart, "row");
}
