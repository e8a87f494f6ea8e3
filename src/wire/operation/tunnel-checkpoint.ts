import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

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

export const tunnelCheckpoint: Operation<TunnelCheckpointRequest, TunnelCheckpointResponse> = pending("tunnel/checkpoint", "write");
