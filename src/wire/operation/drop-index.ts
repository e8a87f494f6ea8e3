import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { empty, message, operationOf, required, text } from "../message.ts";

export interface DropIndexRequest {
  readonly mainTableName: string;
  readonly indexName: string;
}

export type DropIndexResponse = Empty;

export const dropIndex: Operation<DropIndexRequest, DropIndexResponse> = operationOf(
  "DropIndex",
  "write",
  message<DropIndexRequest>({ mainTableName: required(1, text), indexName: required(2, text) }),
  empty,
);
