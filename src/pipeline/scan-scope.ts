import { TableferryError } from "../base/error.ts";
import type { KeyRange, ScanScope } from "../connector/connector.ts";
import type { JobSpec } from "../job/job-spec.ts";
import { article } from "../job/refusals.ts";
import { valueOf } from "../job/scalar.ts";
import type { Comparator, Filter } from "../model/condition.ts";
import type { KeySchema } from "../model/schema.ts";
import { typeOf, type KeyBound, type KeyValue } from "../model/value.ts";

type Comparison = NonNullable<JobSpec["filter"]>[number];
type Bound = NonNullable<NonNullable<JobSpec["range"]>["from"]>;

const comparators: Readonly<Record<Comparison["is"], Comparator>> = {
  "=": "equal",
  "!=": "notEqual",
  ">": "greater",
  ">=": "greaterEqual",
  "<": "less",
  "<=": "lessEqual",
  exists: "exist",
  absent: "notExist",
};

/**
 * What part of the source a job reads. Comparisons must all hold; one never holds for a row that lacks the column (but `absent`)
 * or has a value of another type there.
 * @param key the source's
 * @throws TF_SPEC_INVALID for a bound that does not fit the key
 */
export function scanScope(spec: Pick<JobSpec, "range" | "filter" | "versions">, key: readonly KeySchema[]): ScanScope {
  const filters = (spec.filter ?? []).map(filterOf);
  return {
    versions: spec.versions,
    ...(spec.range === undefined ? {} : { range: rangeOf(spec.range, key) }),
    ...(filters.length === 0 ? {} : { filter: filters.length === 1 ? filters[0]! : { type: "and" as const, filters } }),
  };
}

function rangeOf(range: NonNullable<JobSpec["range"]>, key: readonly KeySchema[]): KeyRange {
  return { from: range.from && boundOf(range.from, "range.from", key), to: range.to && boundOf(range.to, "range.to", key) };
}

function boundOf(bound: Bound, place: string, key: readonly KeySchema[]): readonly KeyBound[] {
  if (bound.length > key.length) {
    throw new TableferryError("TF_SPEC_INVALID", {
      message:
        key.length === 0
          ? "the source has no key, so it has no key range"
          : `the source's key has ${key.length} columns (${key.map((column) => column.name).join(", ")}), the bound has ${bound.length}`,
      place,
    });
  }
  return bound.map((scalar, i) => {
    const value = valueOf(scalar) as KeyValue;
    const { name, type } = key[i]!;
    if (typeOf(value) !== type) {
      const hint = type === "string" ? `write it in quotes` : type === "integer" ? "write a whole number" : `write { base64: "…" }`;
      throw new TableferryError("TF_SPEC_INVALID", {
        message: `the key column ${name} is ${article(type)}, the bound has ${article(typeOf(value))}; ${hint}`,
        place: `${place}[${i}]`,
      });
    }
    return value;
  });
}

function filterOf({ column, is, value }: Comparison): Filter {
  return {
    type: "column",
    name: column,
    comparator: comparators[is],
    value: value === undefined ? "" : valueOf(value),
    filterIfMissing: true,
    latestVersionOnly: true,
  };
}
