import type { WriteCondition } from "../../model/condition.ts";
import { limits } from "../../model/limits.ts";
import type { TableSchema } from "../../model/schema.ts";
import type { ValueType } from "../../model/value.ts";
import type { ReturnContent } from "../../wire/operation/return-content.ts";
import * as tag from "../../wire/plainbuffer/tag.ts";
import { ABSENT, type RowWalker } from "../../wire/plainbuffer/walk.ts";
import { fieldSize, nameOf, valueSizeOf } from "../../store/stored-row-writer.ts";
import { checkKeyFields, hasPlaceholder } from "./key.ts";
import { isName } from "./name.ts";
import { invalidParameter } from "./parameter.ts";
import { checkFilter } from "./selection.ts";

export type ChangeType = "put" | "update" | "delete";

/** The shape whose names were found good last: its next row's need not be looked at. */
let goodShape = 0;

const TIMESTAMP_MAX = Number(limits.timestampMax);

/** What a change must be whatever the table and the rows in it; in a batch a failure refuses the whole request. @throws OTSParameterInvalid */
export function checkChange(type: ChangeType, walker: RowWalker, condition: WriteCondition, returns: ReturnContent | undefined): void {
  checkKeyFields(walker);
  checkPadding(walker);
  if (condition.filter !== undefined) checkFilter(condition.filter);
  if (type === "delete") checkDeletion(walker);
  else checkCells(type, walker);
  checkReturns(type, walker, returns);
}

/** Bytes of names and values of the row the walker stands on: what the limits of a request count. */
export function changeSize(walker: RowWalker): number {
  let size = 0;
  for (let field = 0; field < walker.count; field++) size += fieldSize(walker, field);
  return size;
}

/** Zeros may stand behind a row, another row may not (reference 3.4). */
function checkPadding(walker: RowWalker): void {
  const { bytes } = walker;
  for (let at = walker.rowEnd; at < bytes.length; at++) if (bytes[at] !== 0) invalidParameter("data format is invalid.");
}

function checkDeletion(walker: RowWalker): void {
  if (!walker.deleted) invalidParameter("Invalid request of delete row: missing RowDeleteMarker in request.");
  if (hasPlaceholder(walker)) invalidParameter("Invalid row to delete which with pk auto increment.");
  if (walker.count > walker.keyCount) invalidParameter("data format is invalid.");
}

function checkCells(type: "put" | "update", walker: RowWalker): void {
  const { keyCount, count } = walker;
  if (walker.deleted) invalidParameter("data format is invalid.");
  if (type === "update" && count === keyCount) invalidParameter("Invalid update row request: missing cells in request.");
  if (count - keyCount > limits.attributeColumnsPerRowMax) {
    invalidParameter(
      `The number of attribute columns exceeds the limit, limit count: ${limits.attributeColumnsPerRowMax}, column count: ${count - keyCount}.`,
    );
  }
  const shape = walker.shape();
  for (let field = keyCount; field < count; field++) {
    if (shape !== goodShape) checkCellName(walker, field);
    const op = walker.op[field]!;
    if (op === 0) checkPutCell(walker, field);
    else if (type === "put") invalidParameter(`OpType cannot be given for column name:${nameOf(walker, field)} in PutRow.`);
    else checkOperation(walker, field, op);
    if (walker.timestampAt[field] !== ABSENT) checkTimestamp(walker.timestampOf(field));
  }
  goodShape = shape;
}

function checkCellName(walker: RowWalker, field: number): void {
  if (!isName(walker.bytes, walker.nameAt[field]!, walker.nameEnd[field]!)) {
    invalidParameter(`Invalid column name: '${nameOf(walker, field)}'.`);
  }
  if (isKeyName(walker, field)) {
    invalidParameter(`Duplicated attribute column name with primary key column: ${nameOf(walker, field)}.`);
  }
}

function isKeyName(walker: RowWalker, field: number): boolean {
  const { bytes } = walker;
  const length = walker.nameEnd[field]! - walker.nameAt[field]!;
  for (let key = 0; key < walker.keyCount; key++) {
    if (walker.nameEnd[key]! - walker.nameAt[key]! !== length) continue;
    let at = 0;
    while (at < length && bytes[walker.nameAt[key]! + at] === bytes[walker.nameAt[field]! + at]) at++;
    if (at === length) return true;
  }
  return false;
}

function checkPutCell(walker: RowWalker, field: number): void {
  if (walker.valueAt[field] === ABSENT) invalidParameter("Attribute column is missing.");
  switch (walker.typeOf(field)) {
    case tag.TYPE_STRING:
    case tag.TYPE_BINARY: {
      const length = valueSizeOf(walker, field);
      if (length > limits.attributeValueBytesMax) {
        invalidParameter(
          `The length of attribute column: '${nameOf(walker, field)}' exceeds the MaxLength:${limits.attributeValueBytesMax} with CurrentLength:${length}.`,
        );
      }
      return;
    }
    case tag.TYPE_INTEGER:
      return;
    case tag.TYPE_DOUBLE: {
      const value = walker.view.getFloat64(walker.valueAt[field]! + 1, true);
      if (Number.isNaN(value)) invalidParameter("NaN can't be set to double value.");
      if (!Number.isFinite(value)) invalidParameter("Infinity can't be set to double value.");
      return;
    }
    case tag.TYPE_BOOLEAN:
      if (walker.bytes[walker.valueAt[field]! + 1]! > 1) invalidParameter("data format is invalid.");
      return;
    default:
      invalidParameter(`${tag.typeName[walker.typeOf(field)]} is an invalid type for the attribute column.`);
  }
}

function checkOperation(walker: RowWalker, field: number, op: number): void {
  const valued = walker.valueAt[field] !== ABSENT;
  const timed = walker.timestampAt[field] !== ABSENT;
  switch (op) {
    case tag.OP_DELETE_ALL:
    case tag.OP_DELETE_ONE:
      if (valued) invalidParameter("Column value cannot be given when type is DELETE_ONE_VERSION,DELETE_ALL_VERSION.");
      if (op === tag.OP_DELETE_ONE && !timed) invalidParameter("Timestamp must be given when type is DELETE_ONE_VERSION.");
      if (op === tag.OP_DELETE_ALL && timed) invalidParameter("Timestamp cannot be given when type is DELETE_ALL_VERSION.");
      return;
    case tag.OP_INCREMENT:
      if (!valued || walker.typeOf(field) !== tag.TYPE_INTEGER) {
        invalidParameter(`${valued ? tag.typeName[walker.typeOf(field)] : "VT_NULL"} is an invalid type for the attribute column.`);
      }
      return;
    default:
      invalidParameter("data format is invalid.");
  }
}

function checkTimestamp(timestamp: number): void {
  if (timestamp < 0 || timestamp >= TIMESTAMP_MAX) invalidParameter("Timestamp must be in range [0, INT64_MAX/1000).");
}

/** Only columns incremented by the same change may be answered, and a key only without columns (reference 7.4; the texts are not known). */
function checkReturns(type: ChangeType, walker: RowWalker, returns: ReturnContent | undefined): void {
  if (returns === undefined || returns.type === "none") return;
  if (returns.type === "key") {
    if (returns.columns.length > 0) invalidParameter("Return columns can only be specified for RT_AFTER_MODIFY.");
    return;
  }
  const incremented = new Set<string>();
  for (let field = walker.keyCount; field < walker.count; field++) {
    if (walker.op[field] === tag.OP_INCREMENT) incremented.add(nameOf(walker, field));
  }
  if (type !== "update" || returns.columns.length === 0 || !returns.columns.every((column) => incremented.has(column))) {
    invalidParameter("RT_AFTER_MODIFY can only return columns that the same request increments.");
  }
}

/** What a change must be in this table at this moment. @throws OTSParameterInvalid */
export function checkChangeAgainst(schema: TableSchema, walker: RowWalker, type: ChangeType, condition: WriteCondition, now: number): void {
  if (schema.key.some(({ autoIncrement }) => autoIncrement === true) && type !== "delete") checkPlaceholder(walker, condition);
  // The text is not known, the rule is (reference 7.4).
  if (type === "update" && !schema.options.allowUpdate)
    invalidParameter("UpdateRow is not allowed when the table's allow_update is false.");
  if (schema.definedColumns.length > 0) checkDefinedTypes(schema, walker);
  checkVersions(schema, walker, now);
}

/** Writes with the server's choice of key make a row, writes with a concrete value change one (reference 7.4). */
function checkPlaceholder(walker: RowWalker, condition: WriteCondition): void {
  const expectation = { ignore: "IGNORE", expectExist: "EXPECT_EXIST", expectNotExist: "EXPECT_NOT_EXIST" }[condition.existence];
  if (!hasPlaceholder(walker)) {
    if (condition.existence !== "expectExist") {
      invalidParameter(`Invalid expect: ${expectation} when modify a specific row for table with pk auto increment.`);
    }
    return;
  }
  if (condition.existence !== "ignore") invalidParameter(`Invalid expect:${expectation} when modify row with pk auto increment.`);
  if (condition.filter !== undefined) invalidParameter("Can't set condition when modify row with pk auto increment.");
}

const definedTypes: Readonly<Record<ValueType, number>> = {
  integer: tag.TYPE_INTEGER,
  double: tag.TYPE_DOUBLE,
  boolean: tag.TYPE_BOOLEAN,
  string: tag.TYPE_STRING,
  binary: tag.TYPE_BINARY,
};

function checkDefinedTypes(schema: TableSchema, walker: RowWalker): void {
  for (let field = walker.keyCount; field < walker.count; field++) {
    if (walker.valueAt[field] === ABSENT) continue;
    const name = nameOf(walker, field);
    const column = schema.definedColumns.find((defined) => defined.name === name);
    if (column === undefined || definedTypes[column.type] === walker.typeOf(field)) continue;
    const [expected, actual] = [tag.typeName[definedTypes[column.type]], tag.typeName[walker.typeOf(field)]];
    invalidParameter(`Invalid column type for column ${name} expect ${expected} actual ${actual}`);
  }
}

/** Versions given must lie in [max(now − deviation, now − time to live), now + deviation) (reference 7.2). */
function checkVersions({ options }: TableSchema, walker: RowWalker, now: number): void {
  const deviation = options.maxDeviation * 1000;
  const earliest = Math.max(now - deviation, options.timeToLive < 0 ? 0 : now - options.timeToLive * 1000);
  for (let field = walker.keyCount; field < walker.count; field++) {
    if (walker.timestampAt[field] === ABSENT || walker.op[field] !== 0) continue;
    const version = walker.timestampOf(field);
    // The service's text goes on, it is not known how.
    if (version < earliest || version >= now + deviation)
      invalidParameter(`Invalid timestamp. Cell: ${nameOf(walker, field)}, ${version}.`);
  }
}
