import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { TunnelState } from "./tunnel-list.ts";

export interface ChannelState {
  readonly channelId: string;
  readonly channelType?: "BaseData" | "Stream" | undefined;
  readonly channelStatus?: "WAIT" | "OPEN" | "CLOSING" | "CLOSE" | "TERMINATED" | undefined;
  readonly clientId?: string | undefined;
  /** Nanoseconds since 1970 up to which the channel was consumed. */
  readonly channelRpo?: bigint | undefined;
  readonly channelCount?: bigint | undefined;
}

export interface TunnelDescribeRequest {
  readonly tableName: string;
  readonly tunnelName: string;
  readonly tunnelId?: string | undefined;
}

export interface TunnelDescribeResponse {
  readonly tunnel: TunnelState;
  readonly channels: readonly ChannelState[];
  /** Nanoseconds since 1970. */
  readonly tunnelRpo?: bigint | undefined;
}

export const tunnelDescribe: Operation<TunnelDescribeRequest, TunnelDescribeResponse> = pending("tunnel/describe", "read");
