import type { DefinedColumn } from "../../model/schema.ts";
import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

/** An empty list of columns is a valid request (reference 2.4). */
export interface AddDefinedColumnRequest {
  readonly tableName: string;
  readonly columns: readonly DefinedColumn[];
}

export type AddDefinedColumnResponse = Empty;

export const addDefinedColumn: Operation<AddDefinedColumnRequest, AddDefinedColumnResponse> = pending("AddDefinedColumn", "write");
