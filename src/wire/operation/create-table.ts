import type { StreamSpec } from "../../model/schema.ts";
import type { KeyBound } from "../../model/value.ts";
import type { Capacity } from "./capacity.ts";
import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { Encryption, IndexMeta, TableMeta, TableOptionsPatch } from "./table-meta.ts";

/** First values of the partitions a table starts with, on its first key column. */
export interface PartitionRange {
  readonly begin: KeyBound;
  readonly end: KeyBound;
}

export interface CreateTableRequest {
  readonly meta: TableMeta;
  readonly reserved: Capacity;
  readonly options?: TableOptionsPatch | undefined;
  readonly partitions: readonly PartitionRange[];
  readonly stream?: StreamSpec | undefined;
  readonly encryption?: Encryption | undefined;
  /** From field 7 and, as older clients send them, from the table meta. */
  readonly indexes: readonly IndexMeta[];
  readonly localTransactions?: boolean | undefined;
}

export type CreateTableResponse = Empty;

export const createTable: Operation<CreateTableRequest, CreateTableResponse> = pending("CreateTable", "write");
