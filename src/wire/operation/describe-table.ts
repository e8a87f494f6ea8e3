import type { TableOptions } from "../../model/schema.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { Encryption, IndexMeta, ReservedDetails, StreamDetails, TableMeta } from "./table-meta.ts";

export type TableStatus = "active" | "inactive" | "loading" | "unloading" | "updating";

export interface DescribeTableRequest {
  readonly tableName: string;
}

export interface DescribeTableResponse {
  readonly meta: TableMeta;
  readonly reserved: ReservedDetails;
  /** Options an older service leaves out are read as their defaults. */
  readonly options: TableOptions;
  readonly status: TableStatus;
  readonly stream?: StreamDetails | undefined;
  /** Encoded keys at which partitions begin. */
  readonly shardSplits: readonly Uint8Array[];
  readonly encryption?: Encryption | undefined;
  readonly indexes: readonly IndexMeta[];
  /** Microseconds since 1970. */
  readonly creationTime?: number | undefined;
}

export const describeTable: Operation<DescribeTableRequest, DescribeTableResponse> = pending("DescribeTable", "read");
