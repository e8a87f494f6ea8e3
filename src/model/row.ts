import type { KeyColumn } from "./key.ts";
import type { KeyInput, KeyValue, Value } from "./value.ts";

/** One stored version of an attribute column. `timestamp` is the version in milliseconds, below 2^53. */
export interface Cell {
  readonly name: string;
  readonly value: Value;
  readonly timestamp: number;
}

/** A row as read: cells sorted by column name (UTF-8 bytes), newest version first. */
export interface Row {
  readonly key: readonly KeyColumn<KeyValue>[];
  readonly cells: readonly Cell[];
}

/** A cell of a PutRow: without a timestamp the server's time is the version. */
export interface PutCell {
  readonly name: string;
  readonly value: Value;
  readonly timestamp?: number | undefined;
}

/** A change of one column in an UpdateRow. */
export type UpdateCell =
  | ({ readonly op: "put" } & PutCell)
  | { readonly op: "deleteOne"; readonly name: string; readonly timestamp: number }
  | { readonly op: "deleteAll"; readonly name: string }
  | { readonly op: "increment"; readonly name: string; readonly by: bigint };

/** A change of one row, as written and as recorded in a stream. */
export type RowChange =
  | { readonly type: "put"; readonly key: readonly KeyColumn<KeyInput>[]; readonly cells: readonly PutCell[] }
  | { readonly type: "update"; readonly key: readonly KeyColumn<KeyInput>[]; readonly cells: readonly UpdateCell[] }
  | { readonly type: "delete"; readonly key: readonly KeyColumn<KeyInput>[] };
