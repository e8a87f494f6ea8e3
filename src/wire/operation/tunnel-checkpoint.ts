import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { empty, long, message, operationOf, required, text } from "../message.ts";

export interface TunnelCheckpointRequest {
  readonly tunnelId: string;
  readonly clientId: string;
  readonly channelId: string;
  /** A token, or the literal `finished` (reference 5.2). */
  readonly checkpoint: string;
  /** Accepted only when it is the stored number plus one (reference 5.5). */
  readonly sequenceNumber: bigint;
}

export type TunnelCheckpointResponse = Empty;

export const tunnelCheckpoint: Operation<TunnelCheckpointRequest, TunnelCheckpointResponse> = operationOf(
  "tunnel/checkpoint",
  "write",
  message<TunnelCheckpointRequest>({
    tunnelId: required(1, text),
    clientId: required(2, text),
    channelId: required(3, text),
    checkpoint: required(4, text),
    sequenceNumber: required(5, long),
  }),
  empty,
);
