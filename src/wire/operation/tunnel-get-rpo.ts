import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { RpoRequest, RpoResponse } from "./tunnel-rpo.ts";

export type TunnelGetRpoRequest = RpoRequest;
export type TunnelGetRpoResponse = RpoResponse;

export const tunnelGetRpo: Operation<TunnelGetRpoRequest, TunnelGetRpoResponse> = pending("tunnel/getrpo", "read");
