import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { empty, message, operationOf, repeated, required, text } from "../message.ts";

/** An empty list of columns is a valid request (reference 2.4). */
export interface DeleteDefinedColumnRequest {
  readonly tableName: string;
  readonly columns: readonly string[];
}

export type DeleteDefinedColumnResponse = Empty;

export const deleteDefinedColumn: Operation<DeleteDefinedColumnRequest, DeleteDefinedColumnResponse> = operationOf(
  "DeleteDefinedColumn",
  "write",
  message<DeleteDefinedColumnRequest>({ tableName: required(1, text), columns: repeated(2, text) }),
  empty,
);
