import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { IndexMeta } from "./table-meta.ts";

export interface CreateIndexRequest {
  readonly mainTableName: string;
  readonly index: IndexMeta;
  /** True: rows that exist already are indexed too. */
  readonly includeBaseData?: boolean | undefined;
}

export type CreateIndexResponse = Empty;

export const createIndex: Operation<CreateIndexRequest, CreateIndexResponse> = pending("CreateIndex", "write");
