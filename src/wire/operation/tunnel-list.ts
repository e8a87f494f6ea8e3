import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { StreamTunnelConfig, TunnelType } from "./tunnel-create.ts";

export type TunnelStage = "InitBaseDataAndStreamShard" | "ProcessBaseData" | "ProcessStream";

export interface TunnelState {
  readonly tunnelId: string;
  readonly tunnelType: TunnelType;
  readonly tableName: string;
  readonly instanceName: string;
  /** Empty for a BaseData tunnel. */
  readonly streamId: string;
  readonly stage: TunnelStage;
  readonly expired?: boolean | undefined;
  readonly tunnelName?: string | undefined;
  readonly public?: boolean | undefined;
  readonly streamConfig?: StreamTunnelConfig | undefined;
  /** Nanoseconds since 1970. */
  readonly createTime?: bigint | undefined;
}

export interface TunnelListRequest {
  readonly tableName?: string | undefined;
}

export interface TunnelListResponse {
  readonly tunnels: readonly TunnelState[];
}

export const tunnelList: Operation<TunnelListRequest, TunnelListResponse> = pending("tunnel/list", "read");
