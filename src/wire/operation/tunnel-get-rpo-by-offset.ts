import type { Operation } from "./operation.ts";
import { operationOf } from "../message.ts";
import { rpoRequest, rpoResponse, type RpoRequest, type RpoResponse } from "./tunnel-rpo.ts";

export type TunnelGetRpoByOffsetRequest = RpoRequest;
export type TunnelGetRpoByOffsetResponse = RpoResponse;

export const tunnelGetRpoByOffset: Operation<TunnelGetRpoByOffsetRequest, TunnelGetRpoByOffsetResponse> = operationOf(
  "tunnel/getrpobyoffset",
  "read",
  rpoRequest,
  rpoResponse,
);
