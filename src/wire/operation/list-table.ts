import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export type ListTableRequest = Empty;

export interface ListTableResponse {
  readonly tableNames: readonly string[];
}

export const listTable: Operation<ListTableRequest, ListTableResponse> = pending("ListTable", "read");
