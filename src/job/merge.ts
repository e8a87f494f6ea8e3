import type { Value } from "../model/value.ts";

/** One side of a column that both sites changed. */
export interface MergeSide<T extends Value = Value> {
  /** Undefined: deleted. */
  readonly value: T | undefined;
  /** Milliseconds since 1970 by this site's clock. */
  readonly time: number;
}

/** Makes one value of two; `undefined` deletes the column. Pure, and the same whoever asks: both directions may. */
export type Merge<T extends Value = Value> = (sides: { readonly source: MergeSide<T>; readonly target: MergeSide<T> }) => T | undefined;

/** Merge functions by the source's column names. */
export type MergeDefinition<Row = Record<string, Value>> = {
  readonly [C in keyof Row & string]?: Merge<Extract<Row[C], Value>>;
};

/** Types the merge functions of a table's columns; the object is returned as it is. */
export function defineMerge<Row = Record<string, Value>>(definition: MergeDefinition<Row>): MergeDefinition<Row> {
  return definition;
}
