import type { Operation } from "./operation.ts";
import { choice, integer, message, nested, operationOf, optional, repeated, required, text } from "../message.ts";
import { enumeration } from "../protobuf.ts";

export interface DescribeStreamRequest {
  readonly streamId: string;
  readonly startShardId?: string | undefined;
  readonly shardLimit?: number | undefined;
}

/** `parentId` of a split's child; a merge's child has a sibling parent too. Parents are read to the end first. */
export interface StreamShard {
  readonly shardId: string;
  readonly parentId?: string | undefined;
  readonly parentSiblingId?: string | undefined;
}

const streamShard = message<StreamShard>({
  shardId: required(1, text),
  parentId: optional(2, text),
  parentSiblingId: optional(3, text),
});

export interface DescribeStreamResponse {
  readonly streamId: string;
  readonly expirationHours: number;
  readonly tableName: string;
  /** Microseconds since 1970. */
  readonly creationTime: number;
  readonly status: "enabling" | "active";
  readonly shards: readonly StreamShard[];
  readonly nextShardId?: string | undefined;
}

export const describeStream: Operation<DescribeStreamRequest, DescribeStreamResponse> = operationOf(
  "DescribeStream",
  "read",
  message<DescribeStreamRequest>({ streamId: required(1, text), startShardId: optional(2, text), shardLimit: optional(3, integer) }),
  message<DescribeStreamResponse>({
    streamId: required(1, text),
    expirationHours: required(2, integer),
    tableName: required(3, text),
    creationTime: required(4, integer),
    status: required(5, choice(enumeration("stream status", { enabling: 1, active: 2 }))),
    shards: repeated(6, nested(streamShard)),
    nextShardId: optional(7, text),
  }),
);
