import type { Operation } from "./operation.ts";
import { message, nested, operationOf, optional, repeated, required, text } from "../message.ts";

export interface ListSearchIndexRequest {
  readonly tableName?: string | undefined;
}

export interface SearchIndexName {
  readonly tableName: string;
  readonly indexName: string;
}

export interface ListSearchIndexResponse {
  readonly indexes: readonly SearchIndexName[];
}

export const listSearchIndex: Operation<ListSearchIndexRequest, ListSearchIndexResponse> = operationOf(
  "ListSearchIndex",
  "read",
  message<ListSearchIndexRequest>({ tableName: optional(1, text) }),
  message<ListSearchIndexResponse>({
    indexes: repeated(1, nested(message<SearchIndexName>({ tableName: required(1, text), indexName: required(2, text) }))),
  }),
);
