import type { Difference } from "../job/result.ts";
import { keyText } from "./key-text.ts";
import type { Found, FoundRow } from "./read-again.ts";
import { columnDifferences, onlyHiddenVersions, type ColumnDifference } from "./row-difference.ts";
import type { Suspect } from "./suspects.ts";
import type { ShowValue } from "./value-text.ts";

export interface Rules {
  readonly versions: "latest" | "keep";
  readonly show: ShowValue;
  /** Rows have no key: each is its own key, and only how often it occurs is compared. */
  readonly keyless: boolean;
}

export interface Verdict {
  /** Undefined: alike, or explained by rejects. */
  readonly difference: Difference | undefined;
  /** How many rows it stands for. */
  readonly rows: number;
  /** Source rows that a reject explains. */
  readonly rejected: number;
  /** A reject or a refusal of the mapping is why the sides are not the same. */
  readonly explained: boolean;
}

/** Decides on one suspect from what both sides have now. */
export function judge(suspect: Suspect, source: Found, target: Found, rules: Rules): Verdict {
  const { rows: kept, count, rejected } = source;
  if (rules.keyless) return judgeCounts(suspect, source, target);
  const explained = rejected > 0 || (count === 0 && source.refused > 0);
  const key = keyText(suspect.key);
  const place = kept[0]?.place ?? key;
  const found = (kind: Difference["kind"], columns: readonly ColumnDifference[], rows = 1): Verdict => ({
    difference: { kind, key, columns, ...(place === key ? {} : { source: place }) },
    rows,
    rejected,
    explained,
  });
  const alike: Verdict = { difference: undefined, rows: 0, rejected, explained };
  if (count > 1 || target.count > 1) return found("duplicate", duplicates(kept, target), Math.max(count, target.count) - 1);
  if (count === 0 && target.count === 0) return alike;
  if (count === 0) return explained ? alike : found("extra", []);
  if (target.count === 0) return found("missing", []);
  const [a, b] = [kept[0]!, target.rows[0]!];
  if (a.hash === b.hash) return alike;
  const columns = columnDifferences(a.row, b.row, rules.versions, rules.show);
  if (rules.versions === "keep" && onlyHiddenVersions(a.row, b.row)) return found("hidden-version", columns);
  return found("different", columns.length > 0 ? columns : [{ name: "(row)", source: null, target: null, why: "canonical form differs" }]);
}

function judgeCounts(suspect: Suspect, source: Found, target: Found): Verdict {
  const { count, rejected } = source;
  const explained = rejected > 0;
  if (count === target.count) return { difference: undefined, rows: 0, rejected, explained };
  const missing = count > target.count;
  const place = missing ? source.rows[0]?.place : (target.rows[0]?.place ?? suspect.targetPlace);
  const times = `${count} in the source, ${target.count} in the target`;
  return {
    difference: {
      kind: missing ? "missing" : "extra",
      key: place ?? suspect.id,
      columns: [{ name: "(row)", source: null, target: null, why: times }],
    },
    rows: Math.abs(count - target.count),
    rejected,
    explained,
  };
}

function duplicates(sources: readonly FoundRow[], target: Found): ColumnDifference[] {
  if (target.count > 1)
    return target.rows.map(({ place }) => ({
      name: "(row)",
      source: null,
      target: place,
      why: "one of several target rows with this key",
    }));
  return sources.map(({ place }) => ({
    name: "(row)",
    source: place,
    target: null,
    why: "one of several source rows that map to this key",
  }));
}
