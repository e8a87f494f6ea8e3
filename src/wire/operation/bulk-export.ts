import type { Filter } from "../../model/condition.ts";
import type { Capacity } from "./capacity.ts";
import type { BlockType } from "./get-range.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface BulkExportRequest {
  readonly tableName: string;
  readonly columns: readonly string[];
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly filter?: Filter | undefined;
  /** Must be honoured, unlike GetRange's (reference 3.8). Default: simpleRowMatrix. */
  readonly blockType?: BlockType | undefined;
}

export interface BulkExportResponse {
  readonly consumed: Capacity;
  readonly rows: Uint8Array;
  readonly nextStart?: Uint8Array | undefined;
  readonly blockType?: BlockType | undefined;
}

export const bulkExport: Operation<BulkExportRequest, BulkExportResponse> = pending("BulkExport", "read");
