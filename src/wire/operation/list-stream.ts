import type { Operation } from "./operation.ts";
import { integer, message, nested, operationOf, optional, repeated, required, text } from "../message.ts";

export interface ListStreamRequest {
  readonly tableName?: string | undefined;
}

export interface StreamSummary {
  readonly streamId: string;
  readonly tableName: string;
  /** Microseconds since 1970. */
  readonly creationTime: number;
}

const streamSummary = message<StreamSummary>({
  streamId: required(1, text),
  tableName: required(2, text),
  creationTime: required(3, integer),
});

export interface ListStreamResponse {
  readonly streams: readonly StreamSummary[];
}

export const listStream: Operation<ListStreamRequest, ListStreamResponse> = operationOf(
  "ListStream",
  "read",
  message<ListStreamRequest>({ tableName: optional(1, text) }),
  message<ListStreamResponse>({ streams: repeated(1, nested(streamSummary)) }),
);
