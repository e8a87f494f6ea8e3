import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface StartLocalTransactionRequest {
  readonly tableName: string;
  /** Encoded key with the first key column only (reference 2.6). */
  readonly key: Uint8Array;
}

export interface StartLocalTransactionResponse {
  readonly transactionId: string;
}

export const startLocalTransaction: Operation<StartLocalTransactionRequest, StartLocalTransactionResponse> = pending(
  "StartLocalTransaction",
  "write",
);
