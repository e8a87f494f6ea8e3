import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { empty, message, operationOf, required, text } from "../message.ts";

export interface AbortTransactionRequest {
  readonly transactionId: string;
}

export type AbortTransactionResponse = Empty;

export const abortTransaction: Operation<AbortTransactionRequest, AbortTransactionResponse> = operationOf(
  "AbortTransaction",
  "write",
  message<AbortTransactionRequest>({ transactionId: required(1, text) }),
  empty,
);
