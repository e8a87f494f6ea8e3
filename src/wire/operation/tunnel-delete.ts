import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface TunnelDeleteRequest {
  readonly tableName: string;
  readonly tunnelName: string;
  readonly tunnelId?: string | undefined;
}

export type TunnelDeleteResponse = Empty;

export const tunnelDelete: Operation<TunnelDeleteRequest, TunnelDeleteResponse> = pending("tunnel/delete", "write");
