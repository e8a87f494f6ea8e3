import type { CellSelection } from "../../model/condition.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { TableResults } from "./row-result.ts";

export interface BatchGetTable {
  readonly tableName: string;
  /** Encoded keys, each with its header. */
  readonly keys: readonly Uint8Array[];
  /** Empty, or one for each key; an empty token starts the row at its first cell. */
  readonly tokens: readonly Uint8Array[];
  readonly selection: CellSelection;
  readonly cacheBlocks?: boolean | undefined;
}

export interface BatchGetRowRequest {
  readonly tables: readonly BatchGetTable[];
}

export interface BatchGetRowResponse {
  readonly tables: readonly TableResults[];
}

export const batchGetRow: Operation<BatchGetRowRequest, BatchGetRowResponse> = pending("BatchGetRow", "read");
