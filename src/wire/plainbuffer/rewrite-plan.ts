import type { KeySchema } from "../../model/schema.ts";
import type { KeyType, Value } from "../../model/value.ts";

/** Where a written column comes from: a key column or cell of the row read, a fixed value, or `RewritePlan.computed`. */
export type Origin =
  | { readonly kind: "key" | "column"; readonly name: string }
  | { readonly kind: "constant"; readonly value: Value }
  | { readonly kind: "computed"; readonly index: number };

/** A value made of named inputs, each a key column or the newest version of a cell. */
export interface Computation {
  readonly inputs: readonly string[];
  /** True: one input, whose versions are computed one by one when timestamps are kept. */
  readonly perVersion?: boolean | undefined;
  /** Undefined or null leaves the column out; throwing refuses the row. `inputs` is valid during the call only. */
  readonly apply: (inputs: readonly (Value | undefined)[]) => Value | null | undefined;
}

/**
 * How one encoded row becomes another without being decoded. Structurally the `ColumnPlan` of a compiled mapping, plus
 * what concerns versions; kept apart because this room knows no jobs.
 *
 * `keep` is judged first. A target key column without a value, or with one of another type, refuses the row. A column
 * whose origin is missing is left out. `rest: copy` carries over, under their own names, the cells and key columns of the
 * row read that are neither `excluded` nor named like a column some rule writes.
 *
 * With `keepTimestamps` a copied cell carries all its versions; any other attribute gets the newest timestamp of its
 * inputs, or of the whole row where its inputs have none, or none when the row has no cells. Without it only the newest
 * version of a column is carried, and the target's clock decides.
 */
export interface RewritePlan {
  /** The key of the rows read, in schema order. */
  readonly sourceKey: readonly KeySchema[];
  readonly targetKey: readonly { readonly name: string; readonly type: KeyType; readonly from: Origin }[];
  readonly columns: readonly { readonly name: string; readonly from: Origin }[];
  readonly rest: "copy" | "drop";
  readonly excluded: readonly string[];
  readonly computed: readonly Computation[];
  /** Index into `computed` of what must be true for the row to be carried at all. */
  readonly keep?: number | undefined;
  readonly keepTimestamps: boolean;
  /** Cells with an older timestamp (ms) count as absent: they expire before the run is over (engine rule R5). */
  readonly oldest?: number | undefined;
}

/** Why one row could not be carried over. */
export type RewriteRefusal =
  | { readonly cause: "missingKey"; readonly column: string }
  | { readonly cause: "wrongKeyType"; readonly column: string; readonly expected: KeyType; readonly found: string }
  /** A computation, or the encoding of what it gave, threw `error`. */
  | { readonly cause: "threw"; readonly column: string | undefined; readonly error: unknown };

/** The plan that changes nothing but, where asked, the timestamps. */
export function identityPlan(key: readonly KeySchema[], keepTimestamps: boolean, oldest?: number): RewritePlan {
  const targetKey = key.map(({ name, type }) => ({ name, type, from: { kind: "key", name } as const }));
  const excluded = key.map(({ name }) => name);
  return { sourceKey: key, targetKey, columns: [], rest: "copy", excluded, computed: [], keepTimestamps, oldest };
}
