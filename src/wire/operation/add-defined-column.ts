import type { DefinedColumn } from "../../model/schema.ts";
import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { byHand, empty, message, operationOf, repeated, required, text } from "../message.ts";
import { readDefinedColumn, writeDefinedColumn } from "./table-codec.ts";

/** An empty list of columns is a valid request (reference 2.4). */
export interface AddDefinedColumnRequest {
  readonly tableName: string;
  readonly columns: readonly DefinedColumn[];
}

export type AddDefinedColumnResponse = Empty;

export const addDefinedColumn: Operation<AddDefinedColumnRequest, AddDefinedColumnResponse> = operationOf(
  "AddDefinedColumn",
  "write",
  message<AddDefinedColumnRequest>({
    tableName: required(1, text),
    columns: repeated(2, byHand(writeDefinedColumn, readDefinedColumn)),
  }),
  empty,
);
