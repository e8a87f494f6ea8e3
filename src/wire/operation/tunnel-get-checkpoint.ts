import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

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

export const tunnelGetCheckpoint: Operation<TunnelGetCheckpointRequest, TunnelGetCheckpointResponse> = pending(
  "tunnel/getcheckpoint",
  "read",
);
