import { byHand, bytes, choice, message, nested, operationOf, repeated, required, text } from "../message.ts";
import { enumeration } from "../protobuf.ts";
import type { Operation } from "./operation.ts";
import { readRowResult, writeRowResult, type RowResult } from "./row-result.ts";

export interface BulkImportRow {
  readonly type: "put" | "update" | "delete";
  readonly change: Uint8Array;
}

export interface BulkImportRequest {
  readonly tableName: string;
  readonly rows: readonly BulkImportRow[];
}

export interface BulkImportResponse {
  readonly tableName: string;
  readonly rows: readonly RowResult[];
}

const importRow = message<BulkImportRow>({
  type: required(1, choice(enumeration("operation type", { put: 1, update: 2, delete: 3 }))),
  change: required(2, bytes),
});
const rowResult = byHand<RowResult>(
  (writer, number, result) => writer.message(number, () => writeRowResult(writer, result)),
  readRowResult,
);

export const bulkImport: Operation<BulkImportRequest, BulkImportResponse> = operationOf(
  "BulkImport",
  "write",
  message<BulkImportRequest>({ tableName: required(1, text), rows: repeated(2, nested(importRow)) }),
  message<BulkImportResponse>({ tableName: required(1, text), rows: repeated(2, rowResult) }),
);
