import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface ListSearchIndexRequest {
  readonly tableName?: string | undefined;
}

export interface ListSearchIndexResponse {
  readonly indexes: readonly { readonly tableName: string; readonly indexName: string }[];
}

export const listSearchIndex: Operation<ListSearchIndexRequest, ListSearchIndexResponse> = pending("ListSearchIndex", "read");
