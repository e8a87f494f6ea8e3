import type { Operation } from "./operation.ts";
import { operationOf } from "../message.ts";
import { rpoRequest, rpoResponse, type RpoRequest, type RpoResponse } from "./tunnel-rpo.ts";

export type TunnelGetRpoRequest = RpoRequest;
export type TunnelGetRpoResponse = RpoResponse;

export const tunnelGetRpo: Operation<TunnelGetRpoRequest, TunnelGetRpoResponse> = operationOf(
  "tunnel/getrpo",
  "read",
  rpoRequest,
  rpoResponse,
);
