import { TableferryError } from "../base/error.ts";
import { JsonFault, readObject, type JsonKind } from "../connector/file/flat-json.ts";
import type { KeyColumn } from "../model/key.ts";
import type { Cell, Row } from "../model/row.ts";
import { INTEGER_MAX, INTEGER_MIN, typeOf, type KeyValue, type Value } from "../model/value.ts";
import type { KeySchema } from "../model/schema.ts";

/**
 * A value as JSON text that loses nothing: integers are all their digits without a point, doubles have a point or an
 * exponent, what JSON has no word for stands in an object. `valueOfJson` reads back the same value.
 */
export function valueJson(value: Value): string {
  switch (typeof value) {
    case "bigint":
      return value.toString();
    case "number":
      return doubleJson(value);
    case "string":
    case "boolean":
      return JSON.stringify(value);
    default:
      return `{"base64":"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")}"}`;
  }
}

function doubleJson(value: number): string {
  if (!Number.isFinite(value)) return `{"double":"${value}"}`;
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** A row as one JSON object: key columns, then the newest value of each attribute column. */
export function rowJson(row: Row): string {
  const members = [...row.key, ...newest(row.cells)].map(({ name, value }) => `${JSON.stringify(name)}:${valueJson(value)}`);
  return `{${members.join(",")}}`;
}

/** Of each column the first cell, which is the newest. */
export function newest(cells: readonly Cell[]): readonly Cell[] {
  return cells.filter((cell, i) => cells[i - 1]?.name !== cell.name);
}

export interface RowInput {
  readonly key: readonly KeyColumn<KeyValue>[];
  readonly cells: readonly { readonly name: string; readonly value: Value }[];
}

/**
 * A row from JSON text. Numbers are told apart by how they are written; null leaves a column out.
 * @param place for messages: `the row given`, `standard input:3`
 * @throws TF_ROW_INVALID naming the column
 */
export function parseRow(text: string, schema: readonly KeySchema[], place: string): RowInput {
  const values = new Map<string, Value>();
  try {
    readObject(text, (name, kind, member) => {
      if (kind === "null") return;
      const value = valueOfJson(kind, member);
      if (value === undefined) throw rowError(`column ${JSON.stringify(name)} holds what no cell can hold: ${shown(member)}`, place);
      values.set(name, value);
    });
  } catch (error) {
    throw error instanceof JsonFault ? rowError(`the row is no JSON object of columns: ${error.message}`, place) : error;
  }
  const key = schema.map(({ name, type }) => {
    const value = values.get(name);
    if (value === undefined) throw rowError(`the key column ${name} is missing`, place);
    if (typeof value === "number" || typeof value === "boolean" || typeOf(value) !== type) {
      throw rowError(`the key column ${name} is of type ${type}, the row gives ${typeOf(value)} ${shown(valueJson(value))}`, place);
    }
    values.delete(name);
    return { name, value };
  });
  return { key, cells: [...values].map(([name, value]) => ({ name, value })) };
}

function valueOfJson(kind: JsonKind, text: string): Value | undefined {
  switch (kind) {
    case "string":
      return text;
    case "number":
      return /[.eE]/.test(text) ? finite(Number(text)) : integerOf(text);
    case "nested":
      return wrapped(JSON.parse(text));
    default:
      return kind === "true";
  }
}

/** `{"integer": "…"}`, `{"double": "…"}`, `{"base64": "…"}`. */
function wrapped(member: unknown): Value | undefined {
  if (typeof member !== "object" || member === null) return undefined;
  const [only, ...others] = Object.entries(member);
  if (only === undefined || others.length > 0 || typeof only[1] !== "string") return undefined;
  const [form, text] = [only[0], only[1]];
  if (form === "integer") return integerOf(text);
  if (form === "double")
    return /^(NaN|-?Infinity)$/.test(text) || (text.trim() !== "" && Number.isFinite(Number(text))) ? Number(text) : undefined;
  if (form === "base64") return isBase64(text) ? new Uint8Array(Buffer.from(text, "base64")) : undefined;
  return undefined;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function integerOf(text: string): bigint | undefined {
  if (!/^-?\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= INTEGER_MIN && value <= INTEGER_MAX ? value : undefined;
}

export function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
}

function shown(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}

function rowError(message: string, place: string): TableferryError {
  return new TableferryError("TF_ROW_INVALID", { message, place });
}
