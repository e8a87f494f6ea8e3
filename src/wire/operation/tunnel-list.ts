import type { Operation } from "./operation.ts";
import { boolean, long, message, nested, operationOf, optional, repeated, required, text, word } from "../message.ts";
import { streamTunnelConfig, type StreamTunnelConfig, type TunnelType } from "./tunnel-create.ts";

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

export const tunnelState = message<TunnelState>({
  tunnelId: required(1, text),
  tunnelType: required(2, word("BaseData", "Stream", "BaseAndStream")),
  tableName: required(3, text),
  instanceName: required(4, text),
  streamId: required(5, text),
  stage: required(6, word("InitBaseDataAndStreamShard", "ProcessBaseData", "ProcessStream")),
  expired: optional(7, boolean),
  tunnelName: optional(8, text),
  public: optional(9, boolean),
  streamConfig: optional(10, nested(streamTunnelConfig)),
  createTime: optional(11, long),
});

export interface TunnelListRequest {
  readonly tableName?: string | undefined;
}

export interface TunnelListResponse {
  readonly tunnels: readonly TunnelState[];
}

export const tunnelList: Operation<TunnelListRequest, TunnelListResponse> = operationOf(
  "tunnel/list",
  "read",
  message<TunnelListRequest>({ tableName: optional(1, text) }),
  message<TunnelListResponse>({ tunnels: repeated(1, nested(tunnelState)) }),
);
