import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface TunnelConnectRequest {
  readonly tunnelId: string;
  /** Timeout in seconds after which a silent client loses its channels. */
  readonly client?: { readonly timeoutSeconds?: number | undefined; readonly tag?: string | undefined } | undefined;
}

export interface TunnelConnectResponse {
  readonly clientId: string;
}

export const tunnelConnect: Operation<TunnelConnectRequest, TunnelConnectResponse> = pending("tunnel/connect", "write");
