import { compareKey, type KeyColumn } from "../../model/key.ts";
import { limits } from "../../model/limits.ts";
import type { KeySchema, TableSchema } from "../../model/schema.ts";
import { AUTO_INCREMENT, INF_MAX, INF_MIN, type KeyBound } from "../../model/value.ts";
import { decodeKey } from "../../wire/plainbuffer/decode.ts";
import * as tag from "../../wire/plainbuffer/tag.ts";
import { ABSENT, type RowWalker } from "../../wire/plainbuffer/walk.ts";
import { nameOf, valueSizeOf } from "../../store/stored-row-writer.ts";
import { invalidKey, invalidParameter } from "./parameter.ts";

/** Wire type of each kind of key column. */
const keyTypes = { integer: tag.TYPE_INTEGER, string: tag.TYPE_STRING, binary: tag.TYPE_BINARY } as const;

/** What a key must be whatever the table: real values, or a placeholder for the server's choice, of bounded length. @throws OTSParameterInvalid */
export function checkKeyFields(walker: RowWalker): void {
  for (let field = 0; field < walker.keyCount; field++) {
    const type = walker.valueAt[field] === ABSENT ? tag.TYPE_NULL : walker.typeOf(field);
    if (type === tag.TYPE_INTEGER || type === tag.TYPE_AUTO_INCREMENT) continue;
    if (type !== tag.TYPE_STRING && type !== tag.TYPE_BINARY) {
      invalidParameter(`${tag.typeName[type]} is an invalid type for the primary key.`);
    }
    checkKeyLength(walker, field);
  }
  for (let field = 0; field < walker.keyCount; field++) {
    if (walker.op[field] !== 0 || walker.timestampAt[field] !== ABSENT) invalidParameter("data format is invalid.");
  }
}

function checkKeyLength(walker: RowWalker, field: number): void {
  const length = valueSizeOf(walker, field);
  if (length > limits.keyValueBytesMax) tooLong(nameOf(walker, field), length);
}

/** @throws OTSParameterInvalid */
export function tooLong(name: string, length: number): never {
  invalidParameter(
    `The length of primary key column: '${name}' exceeds the MaxLength:${limits.keyValueBytesMax} with CurrentLength:${length}.`,
  );
}

/** The rows whose names were last found to be those of a key: they are not compared again. */
const fitting: { key: readonly KeySchema[]; shape: number } = { key: [], shape: 0 };

/** Whether a key has the table's columns, in its order. @throws OTSInvalidPK */
export function checkKeyAgainst(schema: TableSchema, walker: RowWalker): void {
  const { key } = schema;
  if (walker.keyCount !== key.length) invalidKey(`Validate PK size fail. Input: ${walker.keyCount}, Meta: ${key.length}.`);
  const shape = walker.shape();
  const named = shape === fitting.shape && key === fitting.key;
  for (let field = 0; field < key.length; field++) {
    if (!named) checkColumnName(key[field]!, walker, field);
    checkColumnType(key[field]!, walker, field);
  }
  fitting.shape = shape;
  fitting.key = key;
}

/** Whether a key is the table's first column and nothing else. @throws OTSParameterInvalid, OTSInvalidPK */
export function checkPartitionKey({ key }: TableSchema, walker: RowWalker): void {
  if (walker.keyCount !== 1) invalidParameter("StartLocalTransaction support only one primary key.");
  checkColumnName(key[0]!, walker, 0);
  checkColumnType(key[0]!, walker, 0);
}

function checkColumnName(column: KeySchema, walker: RowWalker, field: number): void {
  const name = nameOf(walker, field);
  if (name !== column.name) invalidKey(`Validate PK name fail. Input: ${name}, Meta: ${column.name}.`);
}

function checkColumnType(column: KeySchema, walker: RowWalker, field: number): void {
  const type = walker.typeOf(field);
  if (type === keyTypes[column.type] || (type === tag.TYPE_AUTO_INCREMENT && column.autoIncrement === true)) return;
  invalidKey(`Validate PK type fail. Input: ${tag.typeName[type]}, Meta: ${typeNameOf(column)}.`);
}

function typeNameOf(column: KeySchema): string {
  return tag.typeName[keyTypes[column.type]]!;
}

/** True for a key whose last word the server has. */
export function hasPlaceholder(walker: RowWalker): boolean {
  for (let field = 0; field < walker.keyCount; field++) if (walker.typeOf(field) === tag.TYPE_AUTO_INCREMENT) return true;
  return false;
}

/** The bounds of a range: every key column, INF_MIN and INF_MAX allowed, in the order of the direction. @throws OTSParameterInvalid, OTSInvalidPK */
export function checkRange(
  schema: TableSchema,
  direction: "forward" | "backward",
  startBytes: Uint8Array,
  endBytes: Uint8Array,
): { readonly start: readonly KeyBound[]; readonly end: readonly KeyBound[] } {
  const start = checkBound(schema, startBytes);
  const end = checkBound(schema, endBytes);
  const order = compareKey(start, end);
  if (direction === "forward" && order >= 0) invalidParameter("Begin key must less than end key in FORWARD");
  if (direction === "backward" && order <= 0) invalidParameter("Begin key must more than end key in BACKWARD");
  return { start: start.map(({ value }) => value), end: end.map(({ value }) => value) };
}

function checkBound(schema: TableSchema, bytes: Uint8Array): readonly KeyColumn[] {
  const columns = decodeKey(bytes);
  if (columns.length !== schema.key.length) invalidKey(`Validate PK size fail. Input: ${columns.length}, Meta: ${schema.key.length}.`);
  return columns.map(({ name, value }, i) => {
    const column = schema.key[i]!;
    if (name !== column.name) invalidKey(`Validate PK name fail. Input: ${name}, Meta: ${column.name}.`);
    if (value === AUTO_INCREMENT) return invalidParameter("PKAutoIncr can't be used for read operations.");
    const type = typeOfBound(value);
    if (type !== undefined && type !== keyTypes[column.type]) {
      invalidKey(`Validate PK type fail. Input: ${tag.typeName[type]}, Meta: ${typeNameOf(column)}.`);
    }
    const length = typeof value === "string" ? Buffer.byteLength(value) : value instanceof Uint8Array ? value.length : 0;
    if (length > limits.keyValueBytesMax) tooLong(name, length);
    return { name, value };
  });
}

function typeOfBound(value: KeyBound): number | undefined {
  if (value === INF_MIN || value === INF_MAX) return undefined;
  return typeof value === "bigint" ? tag.TYPE_INTEGER : typeof value === "string" ? tag.TYPE_STRING : tag.TYPE_BINARY;
}
