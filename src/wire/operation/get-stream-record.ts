import type { Operation } from "./operation.ts";
import { boolean, byHand, integer, message, nested, operationOf, optional, repeated, required, text } from "../message.ts";
import { readConsumed, writeConsumed, type Capacity } from "./capacity.ts";
import { streamRecord, type StreamRecord } from "./stream-record.ts";

export interface GetStreamRecordRequest {
  readonly shardIterator: string;
  readonly limit?: number | undefined;
  readonly tableName?: string | undefined;
}

export interface GetStreamRecordResponse {
  readonly records: readonly StreamRecord[];
  /** Absent: the shard is closed and fully read. Equal to the iterator asked with: nothing new yet (reference 6.1). */
  readonly nextShardIterator?: string | undefined;
  readonly consumed?: Capacity | undefined;
  readonly mayMoreRecord?: boolean | undefined;
}

export const getStreamRecord: Operation<GetStreamRecordRequest, GetStreamRecordResponse> = operationOf(
  "GetStreamRecord",
  "read",
  message<GetStreamRecordRequest>({ shardIterator: required(1, text), limit: optional(2, integer), tableName: optional(3, text) }),
  message<GetStreamRecordResponse>({
    records: repeated(1, nested(streamRecord)),
    nextShardIterator: optional(2, text),
    consumed: optional(3, byHand(writeConsumed, readConsumed)),
    mayMoreRecord: optional(4, boolean),
  }),
);
