import type { Operation } from "./operation.ts";
import { singleWrite, type SingleWriteRequest, type SingleWriteResponse } from "./row-write.ts";

export type DeleteRowRequest = SingleWriteRequest;
export type DeleteRowResponse = SingleWriteResponse;

export const deleteRow: Operation<DeleteRowRequest, DeleteRowResponse> = singleWrite("DeleteRow");
