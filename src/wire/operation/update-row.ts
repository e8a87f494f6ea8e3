import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { SingleWriteRequest, SingleWriteResponse } from "./row-write.ts";

export type UpdateRowRequest = SingleWriteRequest;
export type UpdateRowResponse = SingleWriteResponse;

export const updateRow: Operation<UpdateRowRequest, UpdateRowResponse> = pending("UpdateRow", "write");
