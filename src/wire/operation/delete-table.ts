import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface DeleteTableRequest {
  readonly tableName: string;
}

export type DeleteTableResponse = Empty;

export const deleteTable: Operation<DeleteTableRequest, DeleteTableResponse> = pending("DeleteTable", "write");
