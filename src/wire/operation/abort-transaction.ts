import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface AbortTransactionRequest {
  readonly transactionId: string;
}

export type AbortTransactionResponse = Empty;

export const abortTransaction: Operation<AbortTransactionRequest, AbortTransactionResponse> = pending("AbortTransaction", "write");
