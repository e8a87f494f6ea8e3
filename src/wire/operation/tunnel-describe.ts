import type { Operation } from "./operation.ts";
import { long, message, nested, operationOf, optional, repeated, required, text, word } from "../message.ts";
import { tunnelState, type TunnelState } from "./tunnel-list.ts";

export interface ChannelState {
  readonly channelId: string;
  readonly channelType?: "BaseData" | "Stream" | undefined;
  readonly channelStatus?: "WAIT" | "OPEN" | "CLOSING" | "CLOSE" | "TERMINATED" | undefined;
  readonly clientId?: string | undefined;
  /** Nanoseconds since 1970 up to which the channel was consumed. */
  readonly channelRpo?: bigint | undefined;
  readonly channelCount?: bigint | undefined;
}

const channelState = message<ChannelState>({
  channelId: required(1, text),
  channelType: optional(2, word("BaseData", "Stream")),
  channelStatus: optional(3, word("WAIT", "OPEN", "CLOSING", "CLOSE", "TERMINATED")),
  clientId: optional(4, text),
  channelRpo: optional(5, long),
  channelCount: optional(6, long),
});

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

export const tunnelDescribe: Operation<TunnelDescribeRequest, TunnelDescribeResponse> = operationOf(
  "tunnel/describe",
  "read",
  message<TunnelDescribeRequest>({ tableName: required(1, text), tunnelName: required(2, text), tunnelId: optional(3, text) }),
  message<TunnelDescribeResponse>({
    tunnel: required(1, nested(tunnelState)),
    channels: repeated(2, nested(channelState)),
    tunnelRpo: optional(3, long),
  }),
);
