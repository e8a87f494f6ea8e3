import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export type TunnelType = "BaseData" | "Stream" | "BaseAndStream";

/** Where a stream tunnel starts and ends; offsets in nanoseconds since 1970 (reference 5.1). */
export interface StreamTunnelConfig {
  readonly flag?: "latest" | "earliest" | undefined;
  readonly startOffset?: bigint | undefined;
  readonly endOffset?: bigint | undefined;
}

export interface TunnelCreateRequest {
  readonly tableName: string;
  readonly tunnelName: string;
  readonly tunnelType: TunnelType;
  readonly streamConfig?: StreamTunnelConfig | undefined;
}

export interface TunnelCreateResponse {
  readonly tunnelId: string;
}

export const tunnelCreate: Operation<TunnelCreateRequest, TunnelCreateResponse> = pending("tunnel/create", "write");
