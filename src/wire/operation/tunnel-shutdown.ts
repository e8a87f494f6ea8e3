import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface TunnelShutdownRequest {
  readonly tunnelId: string;
  readonly clientId: string;
}

export type TunnelShutdownResponse = Empty;

export const tunnelShutdown: Operation<TunnelShutdownRequest, TunnelShutdownResponse> = pending("tunnel/shutdown", "write");
