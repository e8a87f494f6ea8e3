import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import type { IndexMeta } from "./table-meta.ts";
import { boolean, byHand, empty, message, operationOf, optional, required, text } from "../message.ts";
import { readIndexMeta, writeIndexMeta } from "./table-codec.ts";

export interface CreateIndexRequest {
  readonly mainTableName: string;
  readonly index: IndexMeta;
  /** True: rows that exist already are indexed too. */
  readonly includeBaseData?: boolean | undefined;
}

export type CreateIndexResponse = Empty;

export const createIndex: Operation<CreateIndexRequest, CreateIndexResponse> = operationOf(
  "CreateIndex",
  "write",
  message<CreateIndexRequest>({
    mainTableName: required(1, text),
    index: required(2, byHand(writeIndexMeta, readIndexMeta)),
    includeBaseData: optional(3, boolean),
  }),
  empty,
);
