import type { Operation } from "./operation.ts";
import { long, message, operationOf, required, text } from "../message.ts";

export interface TunnelGetCheckpointRequest {
  readonly tunnelId: string;
  readonly clientId: string;
  readonly channelId: string;
}

export interface TunnelGetCheckpointResponse {
  /** A token, or the literal `finished` (reference 5.2). */
  readonly checkpoint: string;
  readonly sequenceNumber: bigint;
}

export const tunnelGetCheckpoint: Operation<TunnelGetCheckpointRequest, TunnelGetCheckpointResponse> = operationOf(
  "tunnel/getcheckpoint",
  "read",
  message<TunnelGetCheckpointRequest>({ tunnelId: required(1, text), clientId: required(2, text), channelId: required(3, text) }),
  message<TunnelGetCheckpointResponse>({ checkpoint: required(1, text), sequenceNumber: required(2, long) }),
);
