import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface CommitTransactionRequest {
  readonly transactionId: string;
}

export type CommitTransactionResponse = Empty;

export const commitTransaction: Operation<CommitTransactionRequest, CommitTransactionResponse> = pending("CommitTransaction", "write");
