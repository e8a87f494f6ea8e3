import type { TableOptions } from "../../model/schema.ts";
import { enumeration, ProtobufReader, ProtobufWriter, required } from "../protobuf.ts";
import type { Operation } from "./operation.ts";
import {
  readEncryption,
  readIndexMeta,
  readReservedDetails,
  readStreamDetails,
  readTableMeta,
  wholeTableOptions,
  writeEncryption,
  writeIndexMeta,
  writeReservedDetails,
  writeStreamDetails,
  writeTableMeta,
  writeTableOptions,
} from "./table-codec.ts";
import { decodeTableName, encodeTableName } from "./table-name.ts";
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

const statuses = enumeration<TableStatus>("table status", { active: 1, inactive: 2, loading: 3, unloading: 4, updating: 5 });

/**
 * `1! table_meta; 2! reserved_throughput_details; 3! table_options; 4! table_status; 5? stream_details; 6* shard_splits;
 * 7? sse_details; 8* index_metas; 9? creation_time` (reference 2.2).
 */
export const describeTable: Operation<DescribeTableRequest, DescribeTableResponse> = {
  name: "DescribeTable",
  kind: "read",
  encodeRequest: encodeTableName,
  decodeRequest: decodeTableName,
  encodeResponse,
  decodeResponse,
};

function encodeResponse(response: DescribeTableResponse): Uint8Array {
  const writer = new ProtobufWriter();
  writeTableMeta(writer, 1, response.meta);
  writeReservedDetails(writer, 2, response.reserved);
  writeTableOptions(writer, 3, response.options);
  writer.integer(4, statuses.number(response.status));
  if (response.stream !== undefined) writeStreamDetails(writer, 5, response.stream);
  for (const split of response.shardSplits) writer.bytes(6, split);
  if (response.encryption !== undefined) writeEncryption(writer, 7, response.encryption);
  for (const index of response.indexes) writeIndexMeta(writer, 8, index);
  writer.integer(9, response.creationTime);
  return writer.finish();
}

function decodeResponse(body: Uint8Array): DescribeTableResponse {
  const reader = new ProtobufReader(body);
  const indexes: IndexMeta[] = [];
  const shardSplits: Uint8Array[] = [];
  const parts: { -readonly [Part in keyof DescribeTableResponse]?: DescribeTableResponse[Part] } = {};
  while (reader.next()) {
    if (reader.field === 1) parts.meta = reader.message((nested) => readTableMeta(nested, []));
    else if (reader.field === 2) parts.reserved = reader.message(readReservedDetails);
    else if (reader.field === 3) parts.options = reader.message(wholeTableOptions);
    else if (reader.field === 4) parts.status = statuses.name(reader.integer());
    else if (reader.field === 5) parts.stream = reader.message(readStreamDetails);
    else if (reader.field === 6) shardSplits.push(reader.view());
    else if (reader.field === 7) parts.encryption = reader.message(readEncryption);
    else if (reader.field === 8) indexes.push(reader.message(readIndexMeta));
    else if (reader.field === 9) parts.creationTime = reader.integer();
    else reader.skip();
  }
  return {
    ...parts,
    meta: required(parts.meta, "table_meta"),
    reserved: required(parts.reserved, "reserved_throughput_details"),
    options: required(parts.options, "table_options"),
    status: required(parts.status, "table_status"),
    shardSplits,
    indexes,
  };
}
