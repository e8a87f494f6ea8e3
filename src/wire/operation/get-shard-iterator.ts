import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface GetShardIteratorRequest {
  readonly streamId: string;
  readonly shardId: string;
  /** Microseconds since 1970; without it the oldest record kept. */
  readonly timestamp?: number | undefined;
  readonly token?: string | undefined;
}

export interface GetShardIteratorResponse {
  readonly shardIterator: string;
  readonly nextToken?: string | undefined;
}

export const getShardIterator: Operation<GetShardIteratorRequest, GetShardIteratorResponse> = pending("GetShardIterator", "read");
