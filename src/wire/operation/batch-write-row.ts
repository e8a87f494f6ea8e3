import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { TableResults } from "./row-result.ts";
import type { RowWrite } from "./row-write.ts";

export interface BatchWriteRow extends RowWrite {
  readonly type: "put" | "update" | "delete";
}

export interface BatchWriteTable {
  readonly tableName: string;
  readonly rows: readonly BatchWriteRow[];
}

export interface BatchWriteRowRequest {
  readonly tables: readonly BatchWriteTable[];
  readonly transactionId?: string | undefined;
  /** All or nothing within one partition key of one table. */
  readonly atomic?: boolean | undefined;
}

export interface BatchWriteRowResponse {
  readonly tables: readonly TableResults[];
}

export const batchWriteRow: Operation<BatchWriteRowRequest, BatchWriteRowResponse> = pending("BatchWriteRow", "write");
