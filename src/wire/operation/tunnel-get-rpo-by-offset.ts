import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { RpoRequest, RpoResponse } from "./tunnel-rpo.ts";

export type TunnelGetRpoByOffsetRequest = RpoRequest;
export type TunnelGetRpoByOffsetResponse = RpoResponse;

export const tunnelGetRpoByOffset: Operation<TunnelGetRpoByOffsetRequest, TunnelGetRpoByOffsetResponse> = pending(
  "tunnel/getrpobyoffset",
  "read",
);
