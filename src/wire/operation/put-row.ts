import type { Operation } from "./operation.ts";
import { singleWrite, type SingleWriteRequest, type SingleWriteResponse } from "./row-write.ts";

export type PutRowRequest = SingleWriteRequest;
export type PutRowResponse = SingleWriteResponse;

export const putRow: Operation<PutRowRequest, PutRowResponse> = singleWrite("PutRow");
