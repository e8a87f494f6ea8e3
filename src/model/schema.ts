import type { KeyType, ValueType } from "./value.ts";

export interface KeySchema {
  readonly name: string;
  readonly type: KeyType;
  readonly autoIncrement?: boolean | undefined;
}

export interface DefinedColumn {
  readonly name: string;
  readonly type: ValueType;
}

/** Options of a table; every field has the service's default when a table is created without it (reference 7.1). */
export interface TableOptions {
  /** Seconds a cell lives, −1 for ever, else at least 86,400. */
  readonly timeToLive: number;
  readonly maxVersions: number;
  /** Seconds a written timestamp may lie from the server's time. */
  readonly maxDeviation: number;
  readonly allowUpdate: boolean;
  readonly updateFullRow: boolean;
}

export const defaultTableOptions: TableOptions = {
  timeToLive: -1,
  maxVersions: 1,
  maxDeviation: 86_400,
  allowUpdate: true,
  updateFullRow: false,
};

export interface StreamSpec {
  readonly enabled: boolean;
  /** Hours a record is kept, 1 to 168. */
  readonly expirationHours?: number | undefined;
  /** Columns whose old values stand in records ("origin columns"). */
  readonly originColumns?: readonly string[] | undefined;
}

export interface IndexSchema {
  readonly name: string;
  readonly keyColumns: readonly string[];
  readonly definedColumns: readonly string[];
  readonly type: "global" | "local";
}

export interface TableSchema {
  readonly name: string;
  readonly key: readonly KeySchema[];
  readonly definedColumns: readonly DefinedColumn[];
  readonly options: TableOptions;
  readonly stream: StreamSpec;
  readonly localTransactions: boolean;
  readonly reserved: { readonly read: number; readonly write: number };
  readonly indexes: readonly IndexSchema[];
}
