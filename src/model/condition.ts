import type { Value } from "./value.ts";

export type Comparator = "equal" | "notEqual" | "greater" | "greaterEqual" | "less" | "lessEqual" | "exist" | "notExist";

/** Takes a part of a string column by regular expression and casts it before comparing (reference section 4). */
export interface ValueTransfer {
  readonly regex: string;
  readonly castType?: "integer" | "double" | "string" | "binary" | "null" | undefined;
}

/** A condition on stored columns: a read filter, or the column condition of a write. */
export type Filter =
  | {
      readonly type: "column";
      readonly name: string;
      readonly comparator: Comparator;
      readonly value: Value;
      /** True: a row that lacks the column fails. */
      readonly filterIfMissing: boolean;
      readonly latestVersionOnly: boolean;
      readonly transfer?: ValueTransfer | undefined;
    }
  | { readonly type: "and" | "or" | "not"; readonly filters: readonly Filter[] }
  | { readonly type: "page"; readonly offset: number; readonly limit: number };

export type RowExistence = "ignore" | "expectExist" | "expectNotExist";

export interface WriteCondition {
  readonly existence: RowExistence;
  readonly filter?: Filter | undefined;
}

/** Which cells of a row a read returns (reference 7.3). At least one of `maxVersions` and `timeRange`/`specificTime` must be given. */
export interface CellSelection {
  readonly columns?: readonly string[] | undefined;
  readonly startColumn?: string | undefined;
  readonly endColumn?: string | undefined;
  readonly maxVersions?: number | undefined;
  /** [start, end) in milliseconds. */
  readonly timeRange?: { readonly start: number; readonly end: number } | undefined;
  readonly specificTime?: number | undefined;
  readonly filter?: Filter | undefined;
}
