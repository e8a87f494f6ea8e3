import { TableferryError } from "../base/error.ts";
import type { Described, KeyRange, ScanScope } from "../connector/connector.ts";
import type { CompiledMapping } from "../job/mapping.ts";
import type { Filter } from "../model/condition.ts";
import type { KeySchema } from "../model/schema.ts";
import { INF_MAX, INF_MIN, type KeyBound } from "../model/value.ts";
import { plainText } from "./value-text.ts";

/** What is compared with what, and in how far rows that only the target has can be found. */
export interface Coverage {
  readonly kind: "all" | "part";
  /** For people and for the certificate: nothing beyond it is claimed. */
  readonly text: string;
  /**
   * `scan`: both scopes are read and hold exactly each other's rows. `look-up`: each source row is mapped and its target row
   * looked up; rows that only the target has are not looked for.
   */
  readonly mode: "scan" | "look-up";
  readonly sourceScope: ScanScope;
  readonly targetScope: ScanScope;
  /** A source row outside the scope counts as absent when suspects are read again. */
  readonly outsideIsAbsent: boolean;
}

export interface CoverageQuestion {
  readonly scope: ScanScope;
  readonly mapping: CompiledMapping | undefined;
  readonly source: Pick<Described, "key">;
  readonly target: Pick<Described, "title">;
  readonly targetLooksUp: boolean;
  /** The target holds nothing but what this job wrote (it was empty, or mirrored): then each of its rows is compared. */
  readonly targetHoldsOnlyThis: boolean;
}

/**
 * A key range of the source is a key range of the target only where the mapping carries the leading key columns over unchanged
 * and in order; a filter is one only where the mapping changes nothing. Elsewhere target rows outside the part cannot be told
 * from extra ones.
 * @throws TF_SPEC_INVALID when the part can be compared neither by scanning nor by looking up
 */
export function planCoverage({ scope, mapping, source, target, targetLooksUp, targetHoldsOnlyThis }: CoverageQuestion): Coverage {
  const { range, filter, versions } = scope;
  const whole: ScanScope = { versions };
  if (range === undefined && filter === undefined) {
    return { kind: "all", text: "every row of both sides", mode: "scan", sourceScope: scope, targetScope: whole, outsideIsAbsent: false };
  }
  const part = [range === undefined ? undefined : rangeText(range), filter === undefined ? undefined : filterText(filter)]
    .filter((text) => text !== undefined)
    .join(" and ");
  if (targetHoldsOnlyThis) {
    return {
      kind: "part",
      text: `source rows with ${part}; every row of the target, extra rows found`,
      mode: "scan",
      sourceScope: scope,
      targetScope: whole,
      outsideIsAbsent: true,
    };
  }
  const identity = mapping === undefined || mapping.identity;
  if (identity || (filter === undefined && keepsLeadingKey(mapping, source.key, range))) {
    return {
      kind: "part",
      text: `rows with ${part} on both sides, extra rows found`,
      mode: "scan",
      sourceScope: scope,
      targetScope: scope,
      outsideIsAbsent: false,
    };
  }
  if (!targetLooksUp) {
    throw new TableferryError("TF_SPEC_INVALID", {
      message: `a part of the source cannot be compared with ${target.title}: the mapping changes what the part is cut by, and rows cannot be looked up by key there`,
      place: filter === undefined ? "range" : "filter",
      wayOut: "Verify without `range` and `filter`, or into a target that can be read by key.",
    });
  }
  return {
    kind: "part",
    text: `source rows with ${part}; extra rows not checked`,
    mode: "look-up",
    sourceScope: scope,
    targetScope: whole,
    outsideIsAbsent: false,
  };
}

/** Whether the columns that the range cuts by stand first, unchanged and in order in the target's key. */
function keepsLeadingKey(mapping: CompiledMapping, sourceKey: readonly KeySchema[], range: KeyRange | undefined): boolean {
  if (mapping.plan === undefined || range === undefined) return false;
  const columns = Math.max(range.from?.length ?? 0, range.to?.length ?? 0);
  return sourceKey.slice(0, columns).every(({ name, type }, i) => {
    const target = mapping.plan!.targetKey[i];
    return target?.type === type && target.from.kind === "key" && target.from.name === name;
  });
}

export function rangeText({ from, to }: KeyRange): string {
  const text = (bound: readonly KeyBound[] | undefined, open: string) => (bound === undefined ? open : bound.map(boundText).join(", "));
  return `key in [${text(from, "−∞")}; ${text(to, "+∞")})`;
}

function boundText(bound: KeyBound): string {
  if (bound === INF_MIN) return "−∞";
  return bound === INF_MAX ? "+∞" : plainText(bound as Exclude<KeyBound, symbol>);
}

const signs = { equal: "=", notEqual: "≠", greater: ">", greaterEqual: "≥", less: "<", lessEqual: "≤" } as const;

export function filterText(filter: Filter): string {
  switch (filter.type) {
    case "column":
      if (filter.comparator === "exist") return `${filter.name} present`;
      if (filter.comparator === "notExist") return `${filter.name} absent`;
      return `${filter.name} ${signs[filter.comparator]} ${plainText(filter.value)}`;
    case "not":
      return `not (${filter.filters.map(filterText).join(" and ")})`;
    case "page":
      return `columns ${filter.offset} to ${filter.offset + filter.limit}`;
    default:
      return filter.filters
        .map((inner) => (inner.type === "column" ? filterText(inner) : `(${filterText(inner)})`))
        .join(` ${filter.type} `);
  }
}
