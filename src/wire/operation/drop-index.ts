import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface DropIndexRequest {
  readonly mainTableName: string;
  readonly indexName: string;
}

export type DropIndexResponse = Empty;

export const dropIndex: Operation<DropIndexRequest, DropIndexResponse> = pending("DropIndex", "write");
