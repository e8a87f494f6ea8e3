import { TableferryError } from "../base/error.ts";
import type { FlowRow } from "../job/mapping.ts";
import type { Comparator, Filter } from "../model/condition.ts";
import { compareKeyValue, type KeyColumn } from "../model/key.ts";
import type { KeySchema } from "../model/schema.ts";
import { typeOf, type KeyBound, type Value } from "../model/value.ts";
import type { KeyRange, ScanScope } from "./connector.ts";

export type RowTest = (row: FlowRow) => boolean;

/**
 * A scope as a test on decoded rows, for sides that cannot narrow a scan themselves; undefined where everything is in it.
 * Filters mean what they mean to Table Store (reference section 4): values of different types never match.
 * @throws TF_SPEC_INVALID for a range over a side without key
 */
export function rowTest(scope: ScanScope, key: readonly KeySchema[], title: string): RowTest | undefined {
  const range = scope.range === undefined ? undefined : rangeTest(scope.range, key, title);
  const filter = scope.filter === undefined ? undefined : filterTest(scope.filter);
  if (range === undefined || filter === undefined) return range ?? filter;
  return (row) => range(row) && filter(row);
}

function rangeTest(range: KeyRange, key: readonly KeySchema[], title: string): RowTest {
  if (key.length === 0) {
    throw new TableferryError("TF_SPEC_INVALID", {
      message: `${title} has no key, so it has no key range`,
      place: "range",
      wayOut: "Name the key columns of the file under `key`, or leave `range` out.",
    });
  }
  const { from, to } = range;
  return (row) => (from === undefined || compareToBound(row.key, from) >= 0) && (to === undefined || compareToBound(row.key, to) < 0);
}

/** Order of a key against a bound over its leading columns; equal there, it lies at or after the bound (the rest is INF_MIN). */
function compareToBound(key: readonly KeyColumn[], bound: readonly KeyBound[]): number {
  for (let i = 0; i < bound.length; i++) {
    const order = compareKeyValue(key[i]!.value, bound[i]!);
    if (order !== 0) return order;
  }
  return 0;
}

function filterTest(filter: Filter): RowTest {
  switch (filter.type) {
    case "and":
    case "or": {
      const tests = filter.filters.map(filterTest);
      return filter.type === "and" ? (row) => tests.every((test) => test(row)) : (row) => tests.some((test) => test(row));
    }
    case "not": {
      const tests = filter.filters.map(filterTest);
      return (row) => !tests.every((test) => test(row));
    }
    case "column": {
      if (filter.transfer !== undefined) throw unsupported("a filter that casts a part of a column");
      const { name, comparator, value, filterIfMissing } = filter;
      return (row) => {
        const stored = valueOf(row, name);
        if (comparator === "exist" || comparator === "notExist") return (stored !== undefined) === (comparator === "exist");
        return stored === undefined ? !filterIfMissing : compares(stored, value, comparator);
      };
    }
    default:
      throw unsupported("a filter by pages of columns");
  }
}

function unsupported(what: string): TableferryError {
  return new TableferryError("TF_SPEC_INVALID", { message: `${what} works on Table Store only`, place: "filter" });
}

function valueOf(row: FlowRow, name: string): Value | undefined {
  return row.columns.find((column) => column.name === name)?.value ?? row.key.find((column) => column.name === name)?.value;
}

function compares(stored: Value, value: Value, comparator: Exclude<Comparator, "exist" | "notExist">): boolean {
  if (typeOf(stored) !== typeOf(value)) return false;
  const order = compareValues(stored, value);
  switch (comparator) {
    case "equal":
      return order === 0;
    case "notEqual":
      return order !== 0;
    case "greater":
      return order > 0;
    case "greaterEqual":
      return order >= 0;
    case "less":
      return order < 0;
    case "lessEqual":
      return order <= 0;
  }
}

function compareValues(a: Value, b: Value): number {
  if (typeof a === "number" || typeof a === "boolean") return a < b ? -1 : a > b ? 1 : 0;
  return typeof b === "number" || typeof b === "boolean" ? 0 : compareKeyValue(a, b);
}
