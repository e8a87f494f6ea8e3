import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";

export interface ListStreamRequest {
  readonly tableName?: string | undefined;
}

export interface StreamSummary {
  readonly streamId: string;
  readonly tableName: string;
  /** Microseconds since 1970. */
  readonly creationTime: number;
}

export interface ListStreamResponse {
  readonly streams: readonly StreamSummary[];
}

export const listStream: Operation<ListStreamRequest, ListStreamResponse> = pending("ListStream", "read");
