import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

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

export const describeStream: Operation<DescribeStreamRequest, DescribeStreamResponse> = pending("DescribeStream", "read");
