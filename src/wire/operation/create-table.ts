import type { StreamSpec } from "../../model/schema.ts";
import { AUTO_INCREMENT, type KeyBound } from "../../model/value.ts";
import { decodeBareValue, encodeBareValue } from "../plainbuffer/bare-value.ts";
import { corrupt } from "../corrupt.ts";
import { ProtobufReader, ProtobufWriter, required } from "../protobuf.ts";
import type { Capacity } from "./capacity.ts";
import { decodeEmpty, encodeEmpty, type Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import {
  readEncryption,
  readIndexMeta,
  readReserved,
  readStreamSpec,
  readTableMeta,
  readTableOptions,
  writeEncryption,
  writeIndexMeta,
  writeReserved,
  writeStreamSpec,
  writeTableMeta,
  writeTableOptions,
} from "./table-codec.ts";
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

/**
 * `1! table_meta; 2! reserved_throughput; 3? table_options; 4* partitions; 5? stream_spec; 6? sse_spec; 7* index_metas;
 * 8? enable_local_txn`, reply empty (reference 2.2).
 */
export const createTable: Operation<CreateTableRequest, CreateTableResponse> = {
  name: "CreateTable",
  kind: "write",
  encodeRequest,
  decodeRequest,
  encodeResponse: encodeEmpty,
  decodeResponse: decodeEmpty,
};

function encodeRequest(request: CreateTableRequest): Uint8Array {
  const writer = new ProtobufWriter();
  writeTableMeta(writer, 1, request.meta);
  writeReserved(writer, 2, request.reserved);
  if (request.options !== undefined) writeTableOptions(writer, 3, request.options);
  for (const { begin, end } of request.partitions) {
    writer.message(4, () => {
      writer.bytes(1, encodeBareValue(begin));
      writer.bytes(2, encodeBareValue(end));
    });
  }
  if (request.stream !== undefined) writeStreamSpec(writer, 5, request.stream);
  if (request.encryption !== undefined) writeEncryption(writer, 6, request.encryption);
  for (const index of request.indexes) writeIndexMeta(writer, 7, index);
  writer.boolean(8, request.localTransactions);
  return writer.finish();
}

function decodeRequest(body: Uint8Array): CreateTableRequest {
  const reader = new ProtobufReader(body);
  const indexes: IndexMeta[] = [];
  const partitions: PartitionRange[] = [];
  const parts: { -readonly [Part in keyof CreateTableRequest]?: CreateTableRequest[Part] } = {};
  while (reader.next()) {
    if (reader.field === 1) parts.meta = reader.message((nested) => readTableMeta(nested, indexes));
    else if (reader.field === 2) {
      const { read, write } = reader.message(readReserved);
      parts.reserved = { read: read ?? 0, write: write ?? 0 };
    } else if (reader.field === 3) parts.options = reader.message(readTableOptions);
    else if (reader.field === 4) partitions.push(reader.message(readPartition));
    else if (reader.field === 5) parts.stream = reader.message(readStreamSpec);
    else if (reader.field === 6) parts.encryption = reader.message(readEncryption);
    else if (reader.field === 7) indexes.push(reader.message(readIndexMeta));
    else if (reader.field === 8) parts.localTransactions = reader.boolean();
    else reader.skip();
  }
  return {
    ...parts,
    meta: required(parts.meta, "table_meta"),
    reserved: required(parts.reserved, "reserved_throughput"),
    partitions,
    indexes,
  };
}

function readPartition(reader: ProtobufReader): PartitionRange {
  let begin: KeyBound | undefined;
  let end: KeyBound | undefined;
  while (reader.next()) {
    if (reader.field === 1) begin = bound(reader.view());
    else if (reader.field === 2) end = bound(reader.view());
    else reader.skip();
  }
  return { begin: required(begin, "begin"), end: required(end, "end") };
}

function bound(bytes: Uint8Array): KeyBound {
  const value = decodeBareValue(bytes);
  if (value === null || value === AUTO_INCREMENT || typeof value === "number" || typeof value === "boolean")
    return corrupt("a partition's bound is no key value", 0, "value");
  return value;
}
