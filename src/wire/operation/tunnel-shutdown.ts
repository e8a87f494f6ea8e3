import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { empty, message, operationOf, required, text } from "../message.ts";

export interface TunnelShutdownRequest {
  readonly tunnelId: string;
  readonly clientId: string;
}

export type TunnelShutdownResponse = Empty;

export const tunnelShutdown: Operation<TunnelShutdownRequest, TunnelShutdownResponse> = operationOf(
  "tunnel/shutdown",
  "write",
  message<TunnelShutdownRequest>({ tunnelId: required(1, text), clientId: required(2, text) }),
  empty,
);
