import type { Merge } from "../../job/merge.ts";
import type { ConflictPolicy, TwoWaySpec } from "../../job/two-way-spec.ts";

/** What decides a conflict of a column. */
export type ColumnPolicy = { readonly name: ConflictPolicy } | { readonly name: "merge"; readonly merge: Merge };

/** What decides, by the source's column names. A merge function comes before a policy. */
export class Policies {
  readonly #spec: TwoWaySpec["conflicts"];
  readonly #merges: ReadonlyMap<string, Merge>;

  constructor(spec: TwoWaySpec["conflicts"], merges: ReadonlyMap<string, Merge>) {
    this.#spec = spec;
    this.#merges = merges;
  }

  of(column: string): ColumnPolicy {
    const merge = this.#merges.get(column);
    if (merge !== undefined) return { name: "merge", merge };
    const { columns, default: otherwise } = this.#spec;
    return { name: columns !== undefined && Object.hasOwn(columns, column) ? columns[column]! : otherwise };
  }
}
