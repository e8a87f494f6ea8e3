import type { Operation } from "./operation.ts";
import { singleWrite, type SingleWriteRequest, type SingleWriteResponse } from "./row-write.ts";

export type UpdateRowRequest = SingleWriteRequest;
export type UpdateRowResponse = SingleWriteResponse;

export const updateRow: Operation<UpdateRowRequest, UpdateRowResponse> = singleWrite("UpdateRow");
