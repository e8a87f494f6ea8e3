import type { Filter, WriteCondition } from "../../model/condition.ts";
import type { Versions } from "../row-difference.ts";

/** Conditions that a filter may have; the service's older limit, 32 in newer documents (reference section 4). */
export const GUARDS_MOST = 10;

/**
 * That a column still is as it was read: its latest value, or that it is absent. Undefined where no condition can say so: NaN equals
 * nothing. Conditions compare values, never timestamps, and take 0.0 and -0.0 for the same: what slips through is found when the row is
 * read once more behind the write.
 */
export function guardOf(name: string, read: Versions | undefined): Filter | undefined {
  const latest = read?.[0]?.value;
  if (latest === undefined) {
    // Whether a missing column is judged by the comparator or by `filterIfMissing` is unverified; this holds for it either way.
    return { type: "column", name, comparator: "notExist", value: "", filterIfMissing: false, latestVersionOnly: true };
  }
  if (typeof latest === "number" && Number.isNaN(latest)) return undefined;
  return { type: "column", name, comparator: "equal", value: latest, filterIfMissing: true, latestVersionOnly: true };
}

export function allOf(guards: readonly Filter[]): WriteCondition {
  if (guards.length === 0) return { existence: "expectExist" };
  return { existence: "expectExist", filter: guards.length === 1 ? guards[0] : { type: "and", filters: guards } };
}
