import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

/** An empty list of columns is a valid request (reference 2.4). */
export interface DeleteDefinedColumnRequest {
  readonly tableName: string;
  readonly columns: readonly string[];
}

export type DeleteDefinedColumnResponse = Empty;

export const deleteDefinedColumn: Operation<DeleteDefinedColumnRequest, DeleteDefinedColumnResponse> = pending(
  "DeleteDefinedColumn",
  "write",
);
