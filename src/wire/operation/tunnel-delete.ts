import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { empty, message, operationOf, optional, required, text } from "../message.ts";

export interface TunnelDeleteRequest {
  readonly tableName: string;
  readonly tunnelName: string;
  readonly tunnelId?: string | undefined;
}

export type TunnelDeleteResponse = Empty;

export const tunnelDelete: Operation<TunnelDeleteRequest, TunnelDeleteResponse> = operationOf(
  "tunnel/delete",
  "write",
  message<TunnelDeleteRequest>({ tableName: required(1, text), tunnelName: required(2, text), tunnelId: optional(3, text) }),
  empty,
);
