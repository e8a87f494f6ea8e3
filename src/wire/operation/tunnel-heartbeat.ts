import type { Operation } from "./operation.ts";
import { message, nested, operationOf, repeated, required, text } from "../message.ts";
import { tunnelChannel, type TunnelChannel } from "./tunnel-channel.ts";

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

export const tunnelHeartbeat: Operation<TunnelHeartbeatRequest, TunnelHeartbeatResponse> = operationOf(
  "tunnel/heartbeat",
  "write",
  message<TunnelHeartbeatRequest>({
    tunnelId: required(1, text),
    clientId: required(2, text),
    channels: repeated(3, nested(tunnelChannel)),
  }),
  message<TunnelHeartbeatResponse>({ channels: repeated(1, nested(tunnelChannel)) }),
);
