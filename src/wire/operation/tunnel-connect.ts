import type { Operation } from "./operation.ts";
import { integer, message, nested, operationOf, optional, required, text } from "../message.ts";

export interface TunnelClient {
  /** After so many silent seconds the client loses its channels. */
  readonly timeoutSeconds?: number | undefined;
  readonly tag?: string | undefined;
}

export interface TunnelConnectRequest {
  readonly tunnelId: string;
  readonly client?: TunnelClient | undefined;
}

export interface TunnelConnectResponse {
  readonly clientId: string;
}

export const tunnelConnect: Operation<TunnelConnectRequest, TunnelConnectResponse> = operationOf(
  "tunnel/connect",
  "write",
  message<TunnelConnectRequest>({
    tunnelId: required(1, text),
    client: optional(2, nested(message<TunnelClient>({ timeoutSeconds: optional(1, integer), tag: optional(2, text) }))),
  }),
  message<TunnelConnectResponse>({ clientId: required(1, text) }),
);
