import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { TunnelChannel } from "./tunnel-channel.ts";

export interface TunnelHeartbeatRequest {
  readonly tunnelId: string;
  readonly clientId: string;
  /** Every channel the client holds. */
  readonly channels: readonly TunnelChannel[];
}

export interface TunnelHeartbeatResponse {
  /** The complete list this client should hold. */
  readonly channels: readonly TunnelChannel[];
}

export const tunnelHeartbeat: Operation<TunnelHeartbeatRequest, TunnelHeartbeatResponse> = pending("tunnel/heartbeat", "write");
