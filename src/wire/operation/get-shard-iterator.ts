import type { Operation } from "./operation.ts";
import { integer, message, operationOf, optional, required, text } from "../message.ts";

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

export const getShardIterator: Operation<GetShardIteratorRequest, GetShardIteratorResponse> = operationOf(
  "GetShardIterator",
  "read",
  message<GetShardIteratorRequest>({
    streamId: required(1, text),
    shardId: required(2, text),
    timestamp: optional(3, integer),
    token: optional(4, text),
  }),
  message<GetShardIteratorResponse>({ shardIterator: required(1, text), nextToken: optional(2, text) }),
);
