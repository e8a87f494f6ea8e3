import type { Operation } from "./operation.ts";
import { choice, long, message, nested, optional, required, text } from "../message.ts";
import { enumeration } from "../protobuf.ts";

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

export const streamTunnelConfig = message<StreamTunnelConfig>({
  flag: optional(1, choice(enumeration("start offset flag", { latest: 0, earliest: 1 }))),
  startOffset: optional(2, long),
  endOffset: optional(3, long),
});

const tunnel = message<TunnelCreateRequest>({
  tableName: required(1, text),
  tunnelName: required(3, text),
  tunnelType: required(4, choice(enumeration("tunnel type", { BaseData: 1, Stream: 2, BaseAndStream: 3 }))),
  streamConfig: optional(5, nested(streamTunnelConfig)),
});
const request = message<{ readonly tunnel: TunnelCreateRequest }>({ tunnel: required(1, nested(tunnel)) });
const response = message<TunnelCreateResponse>({ tunnelId: required(1, text) });

export const tunnelCreate: Operation<TunnelCreateRequest, TunnelCreateResponse> = {
  name: "tunnel/create",
  kind: "write",
  encodeRequest: (value) => request.encode({ tunnel: value }),
  decodeRequest: (body) => request.decode(body).tunnel,
  encodeResponse: (value) => response.encode(value),
  decodeResponse: (body) => response.decode(body),
};
