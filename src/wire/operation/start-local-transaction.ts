import type { Operation } from "./operation.ts";
import { bytes, message, operationOf, required, text } from "../message.ts";

export interface StartLocalTransactionRequest {
  readonly tableName: string;
  /** Encoded key with the first key column only (reference 2.6). */
  readonly key: Uint8Array;
}

export interface StartLocalTransactionResponse {
  readonly transactionId: string;
}

export const startLocalTransaction: Operation<StartLocalTransactionRequest, StartLocalTransactionResponse> = operationOf(
  "StartLocalTransaction",
  "write",
  message<StartLocalTransactionRequest>({ tableName: required(1, text), key: required(2, bytes) }),
  message<StartLocalTransactionResponse>({ transactionId: required(1, text) }),
);
