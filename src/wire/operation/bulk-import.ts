import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { RowResult } from "./row-result.ts";

export interface BulkImportRequest {
  readonly tableName: string;
  readonly rows: readonly { readonly type: "put" | "update" | "delete"; readonly change: Uint8Array }[];
}

export interface BulkImportResponse {
  readonly rows: readonly RowResult[];
}

export const bulkImport: Operation<BulkImportRequest, BulkImportResponse> = pending("BulkImport", "write");
