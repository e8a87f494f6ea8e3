import type { Operation } from "./operation.ts";
import { boolean, message, nested, operationOf, optional, repeated, required, text } from "../message.ts";
import { streamRecord, type StreamRecord } from "./stream-record.ts";

export interface TunnelReadRecordsRequest {
  readonly tunnelId: string;
  readonly clientId: string;
  readonly channelId: string;
  readonly token: string;
}

export interface TunnelReadRecordsResponse {
  readonly records: readonly StreamRecord[];
  /** A token, or the literal `finished` (reference 5.2). */
  readonly nextToken: string;
  readonly mayMoreRecord?: boolean | undefined;
}

export const tunnelReadRecords: Operation<TunnelReadRecordsRequest, TunnelReadRecordsResponse> = operationOf(
  "tunnel/readrecords",
  "read",
  message<TunnelReadRecordsRequest>({
    tunnelId: required(1, text),
    clientId: required(2, text),
    channelId: required(3, text),
    token: required(4, text),
  }),
  message<TunnelReadRecordsResponse>({
    records: repeated(1, nested(streamRecord)),
    nextToken: required(2, text),
    mayMoreRecord: optional(3, boolean),
  }),
);
