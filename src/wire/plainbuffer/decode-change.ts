import type { KeyColumn } from "../../model/key.ts";
import type { PutCell, Row, RowChange, UpdateCell } from "../../model/row.ts";
import { INF_MAX, INF_MIN, type KeyInput, type KeyValue, type Value } from "../../model/value.ts";
import { corrupt } from "../corrupt.ts";
import { cellOf, endOf, keyOf, realKeyOf, storedValueOf } from "./decode.ts";
import { invalid } from "../service-error.ts";
import { decodeName } from "./names.ts";
import * as tag from "./tag.ts";
import { readValue } from "./value.ts";
import { ABSENT, RowWalker, type Sequence } from "./walk.ts";

/** What a stream or tunnel record says about one row. Records of base data carry no sequence (reference 5.7). */
export interface StreamChange {
  readonly key: readonly KeyColumn<KeyValue>[];
  readonly cells: readonly UpdateCell[];
  readonly sequence?: Sequence | undefined;
}

/**
 * A change as a writer sends it, trailing padding accepted. Timestamps are not judged here.
 * @throws TF_WIRE_CORRUPT; ServiceError with the texts of reference 7.9 for what is well-formed but senseless.
 */
export function decodeChange(type: RowChange["type"], bytes: Uint8Array): RowChange {
  const walker = new RowWalker().open(bytes);
  if (!walker.next()) corrupt("a change without a row", bytes.length, "row");
  const change = changeOf(type, walker);
  endOf(walker);
  return change;
}

/** The change a walker stands on; see `decodeChange`. */
export function changeOf(type: RowChange["type"], walker: RowWalker): RowChange {
  const key = keyOf(walker).map(inputColumn);
  const { keyCount, count } = walker;
  if (type === "delete") {
    if (!walker.deleted) invalid("Invalid request of delete row: missing RowDeleteMarker in request.");
    if (count > keyCount) corrupt("a deletion with cells", walker.start[keyCount]!, "row");
    return { type, key };
  }
  if (type === "put") {
    const cells = new Array<PutCell>(count - keyCount);
    for (let field = keyCount; field < count; field++) cells[field - keyCount] = putCell(walker, field);
    return { type, key, cells };
  }
  if (walker.deleted) corrupt("an update with a delete marker", walker.rowEnd, "row");
  if (count === keyCount) invalid("Invalid update row request: missing cells in request.");
  const cells = new Array<UpdateCell>(count - keyCount);
  for (let field = keyCount; field < count; field++) cells[field - keyCount] = updateCell(walker, field);
  return { type, key, cells };
}

/** Records are read one by one, thousands a second: a walker for each would cost more than all the rest. */
const recordWalker = new RowWalker();

/** For those who look for single parts: rows are checked, and those parts. */
const partWalker = new RowWalker("row");

/** One record of a stream, `bytes[from, to)`: one row, whose cells are changes. @throws TF_WIRE_CORRUPT */
export function decodeStreamRecord(bytes: Uint8Array, from = 0, to = bytes.length): StreamChange {
  const walker = recordWalker.open(bytes, from, to);
  if (!walker.next()) corrupt("a record without a row", to, "row");
  const key = realKeyOf(walker);
  const { keyCount, count } = walker;
  const cells = new Array<UpdateCell>(count - keyCount);
  for (let field = keyCount; field < count; field++) cells[field - keyCount] = recordCell(walker, field);
  const sequence = walker.sequence();
  endOf(walker);
  return { key, cells, sequence };
}

/** The key of a record, without its cells. @throws TF_WIRE_CORRUPT */
export function decodeRecordKey(bytes: Uint8Array, from: number, to: number): readonly KeyColumn<KeyValue>[] {
  const walker = partWalker.open(bytes, from, to);
  if (!walker.next()) corrupt("a record without a row", to, "row");
  for (let field = 0; field < walker.keyCount; field++) walker.checkField(field);
  return realKeyOf(walker);
}

/** When a record was committed, microseconds since 1970; base data has no time. @throws TF_WIRE_CORRUPT */
export function decodeCommittedAt(bytes: Uint8Array, from: number, to: number): number | undefined {
  const walker = partWalker.open(bytes, from, to);
  if (!walker.next()) corrupt("a record without a row", to, "row");
  return walker.committedAt();
}

function recordCell(walker: RowWalker, field: number): UpdateCell {
  const op = walker.op[field]!;
  if (op === 0) {
    const { name, value, timestamp } = cellOf(walker, field);
    return { op: "put", name, value, timestamp };
  }
  if (op !== tag.OP_DELETE_ONE && op !== tag.OP_DELETE_ALL) corrupt("an operation that no record has", walker.start[field]!, "row");
  return deletion(walker, field, op);
}

/** Old values of a record's row; the key may be missing, and the cells are as they were (reference 5.7). @throws TF_WIRE_CORRUPT */
export function decodeOriginRecord(bytes: Uint8Array): Row {
  const walker = recordWalker.open(bytes);
  if (!walker.next()) return { key: [], cells: [] };
  const key = walker.keyCount === 0 ? [] : realKeyOf(walker);
  const cells = [];
  for (let field = walker.keyCount; field < walker.count; field++) cells.push(cellOf(walker, field));
  endOf(walker);
  return { key, cells };
}

function inputColumn({ name, value }: ReturnType<typeof keyOf>[number]): KeyColumn<KeyInput> {
  if (value === INF_MIN) invalid("VT_INF_MIN is an invalid type for the primary key.");
  if (value === INF_MAX) invalid("VT_INF_MAX is an invalid type for the primary key.");
  return { name, value };
}

function putCell(walker: RowWalker, field: number): PutCell {
  const { bytes, view } = walker;
  const name = decodeName(bytes, view, walker.nameAt[field]!, walker.nameEnd[field]!);
  if (walker.op[field] !== 0) invalid(`OpType cannot be given for column name:${name} in PutRow.`);
  const value = writtenValue(walker, field);
  return walker.timestampAt[field] === ABSENT ? { name, value } : { name, value, timestamp: walker.timestampOf(field) };
}

function updateCell(walker: RowWalker, field: number): UpdateCell {
  const op = walker.op[field]!;
  if (op === 0) return { op: "put", ...putCell(walker, field) };
  if (op === tag.OP_DELETE_ONE || op === tag.OP_DELETE_ALL) return deletion(walker, field, op);
  if (op !== tag.OP_INCREMENT) corrupt("an unknown cell operation", walker.start[field]!, "row");
  const by = storedValueOf(walker, field);
  if (typeof by !== "bigint") corrupt("an increment that is no integer", walker.valueAt[field]!, "value");
  return { op: "increment", name: decodeName(walker.bytes, walker.view, walker.nameAt[field]!, walker.nameEnd[field]!), by };
}

function deletion(walker: RowWalker, field: number, op: number): UpdateCell {
  const name = decodeName(walker.bytes, walker.view, walker.nameAt[field]!, walker.nameEnd[field]!);
  const timed = walker.timestampAt[field] !== ABSENT;
  if (walker.valueAt[field] !== ABSENT) invalid("Column value cannot be given when type is DELETE_ONE_VERSION,DELETE_ALL_VERSION.");
  if (op === tag.OP_DELETE_ONE) {
    if (!timed) invalid("Timestamp must be given when type is DELETE_ONE_VERSION.");
    return { op: "deleteOne", name, timestamp: walker.timestampOf(field) };
  }
  if (timed) invalid("Timestamp cannot be given when type is DELETE_ALL_VERSION.");
  return { op: "deleteAll", name };
}

function writtenValue(walker: RowWalker, field: number): Value {
  const valueAt = walker.valueAt[field]!;
  if (valueAt === ABSENT) corrupt("a cell without value", walker.start[field]!, "row");
  const value = readValue(walker.bytes, walker.view, valueAt, walker.valueEnd[field]!);
  if (value !== null && typeof value !== "symbol") return value;
  return invalid(`${tag.typeName[walker.bytes[valueAt]!]} is an invalid type for the attribute column.`);
}
