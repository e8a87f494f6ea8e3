import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { empty, message, operationOf, required, text } from "../message.ts";

export interface CommitTransactionRequest {
  readonly transactionId: string;
}

export type CommitTransactionResponse = Empty;

export const commitTransaction: Operation<CommitTransactionRequest, CommitTransactionResponse> = operationOf(
  "CommitTransaction",
  "write",
  message<CommitTransactionRequest>({ transactionId: required(1, text) }),
  empty,
);
