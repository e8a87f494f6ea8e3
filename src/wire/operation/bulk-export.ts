import type { Filter } from "../../model/condition.ts";
import { decodeFilter, encodeFilter } from "../filter.ts";
import { byHand, bytes, choice, message, operationOf, optional, repeated, required, text, type Kind } from "../message.ts";
import { readConsumed, writeConsumed, type Capacity } from "./capacity.ts";
import { blockTypes, type BlockType } from "./get-range.ts";
import type { Operation } from "./operation.ts";

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

const filter: Kind<Filter> = {
  write: (writer, number, value) => writer.bytes(number, encodeFilter(value)),
  read: (reader) => decodeFilter(reader.view()),
};

export const bulkExport: Operation<BulkExportRequest, BulkExportResponse> = operationOf(
  "BulkExport",
  "read",
  message<BulkExportRequest>({
    tableName: required(1, text),
    columns: repeated(2, text),
    start: required(3, bytes),
    end: required(4, bytes),
    filter: optional(5, filter),
    blockType: optional(6, choice(blockTypes)),
  }),
  message<BulkExportResponse>({
    consumed: required(1, byHand(writeConsumed, readConsumed)),
    rows: required(2, bytes),
    nextStart: optional(3, bytes),
    blockType: optional(4, choice(blockTypes)),
  }),
);
