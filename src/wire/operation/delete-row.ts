import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { SingleWriteRequest, SingleWriteResponse } from "./row-write.ts";

export type DeleteRowRequest = SingleWriteRequest;
export type DeleteRowResponse = SingleWriteResponse;

export const deleteRow: Operation<DeleteRowRequest, DeleteRowResponse> = pending("DeleteRow", "write");
