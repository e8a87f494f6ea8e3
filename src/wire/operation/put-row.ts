import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { SingleWriteRequest, SingleWriteResponse } from "./row-write.ts";

export type PutRowRequest = SingleWriteRequest;
export type PutRowResponse = SingleWriteResponse;

export const putRow: Operation<PutRowRequest, PutRowResponse> = pending("PutRow", "write");
