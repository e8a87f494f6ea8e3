import { unreachable } from "../base/assert.ts";
import type { Comparator, Filter, ValueTransfer } from "../model/condition.ts";
import { sameValue, typeOf, type Value } from "../model/value.ts";
import { storedValueOf } from "../wire/plainbuffer/decode.ts";
import { RowWalker } from "../wire/plainbuffer/walk.ts";
import { linearPattern } from "./linear-pattern.ts";
import { nameOf } from "./stored-row-writer.ts";

const nothing = new RowWalker("none");

/** Says whether a row passes, seeing only the `count` first of `fields` (cells by name, newest first). */
export type RowTest = (walker: RowWalker, fields: Int32Array, count: number) => boolean;

/**
 * A filter as a function (reference section 4). Values of different types never match, whatever the comparator (unverified).
 * Column pages do not judge rows; see `columnPageOf`.
 */
export function compileFilter(filter: Filter): RowTest {
  switch (filter.type) {
    case "column":
      return compileColumn(filter);
    case "page":
      return () => true;
    case "not": {
      const [inner] = filter.filters.map(compileFilter);
      return (walker, fields, count) => inner === undefined || !inner(walker, fields, count);
    }
    case "and": {
      const parts = filter.filters.map(compileFilter);
      return (walker, fields, count) => parts.every((part) => part(walker, fields, count));
    }
    case "or": {
      const parts = filter.filters.map(compileFilter);
      return (walker, fields, count) => parts.some((part) => part(walker, fields, count));
    }
    default:
      return unreachable(filter);
  }
}

/** Whether a filter passes a row that is not there: it lacks every column. */
export function passesMissing(filter: Filter): boolean {
  return compileFilter(filter)(nothing, new Int32Array(0), 0);
}

/** The page of columns a filter cuts out of each row that passes: alone, or as a part of an "and". */
export function columnPageOf(filter: Filter): { readonly offset: number; readonly limit: number } | undefined {
  if (filter.type === "page") return filter;
  if (filter.type !== "and") return undefined;
  for (const part of filter.filters) {
    const page = columnPageOf(part);
    if (page !== undefined) return page;
  }
  return undefined;
}

function compileColumn(filter: Extract<Filter, { type: "column" }>): RowTest {
  const { name, comparator, filterIfMissing, latestVersionOnly } = filter;
  const transfer = compileTransfer(filter.transfer);
  return (walker, fields, count) => {
    let found = false;
    for (let i = 0; i < count; i++) {
      if (nameOf(walker, fields[i]!) !== name) {
        if (found) break;
        continue;
      }
      const value = transfer(storedValueOf(walker, fields[i]!));
      if (value !== undefined) {
        found = true;
        if (matches(comparator, value, filter.value)) return true;
      }
      if (latestVersionOnly) break;
    }
    if (comparator === "notExist") return !found;
    return !found && comparator !== "exist" && !filterIfMissing;
  };
}

function matches(comparator: Comparator, stored: Value, wanted: Value): boolean {
  if (comparator === "exist") return true;
  if (comparator === "notExist" || typeOf(stored) !== typeOf(wanted)) return false;
  if (comparator === "equal") return equalValues(stored, wanted);
  if (comparator === "notEqual") return !equalValues(stored, wanted);
  const order = compareValues(stored, wanted);
  switch (comparator) {
    case "greater":
      return order > 0;
    case "greaterEqual":
      return order >= 0;
    case "less":
      return order < 0;
    case "lessEqual":
      return order <= 0;
    default:
      return unreachable(comparator);
  }
}

/** Doubles compare as numbers here, so −0 equals 0. */
function equalValues(a: Value, b: Value): boolean {
  return typeof a === "number" ? a === b : sameValue(a, b);
}

function compareValues(a: Value, b: Value): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Takes the first capture group, or the whole match, out of a string and casts it; undefined where that fails (unverified). */
function compileTransfer(transfer: ValueTransfer | undefined): (value: Value) => Value | undefined {
  if (transfer === undefined) return (value) => value;
  const pattern = linearPattern(transfer.regex);
  const { castType } = transfer;
  return (value) => {
    if (typeof value !== "string") return undefined;
    const match = pattern.exec(value);
    const text = match?.[1] ?? match?.[0];
    return text === undefined ? undefined : cast(text, castType);
  };
}

function cast(text: string, type: ValueTransfer["castType"]): Value | undefined {
  switch (type) {
    case undefined:
    case "string":
      return text;
    case "integer":
      return /^[+-]?\d{1,19}$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : undefined;
    case "double":
      return text.trim() === "" || Number.isNaN(Number(text)) ? undefined : Number(text);
    case "binary":
      return Buffer.from(text);
    case "null":
      return undefined;
    default:
      return unreachable(type);
  }
}
