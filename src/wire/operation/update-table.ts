import type { StreamSpec, TableOptions } from "../../model/schema.ts";
import { ProtobufReader, ProtobufWriter, required } from "../protobuf.ts";
import type { Capacity } from "./capacity.ts";
import type { Operation } from "./operation.ts";
import {
  readReserved,
  readReservedDetails,
  readStreamDetails,
  readStreamSpec,
  readTableOptions,
  wholeTableOptions,
  writeReserved,
  writeReservedDetails,
  writeStreamDetails,
  writeStreamSpec,
  writeTableOptions,
} from "./table-codec.ts";
import type { ReservedDetails, StreamDetails, TableOptionsPatch } from "./table-meta.ts";

export interface UpdateTableRequest {
  readonly tableName: string;
  /** Only the capacities present change. */
  readonly reserved?: { readonly [Unit in keyof Capacity]?: number | undefined } | undefined;
  readonly options?: TableOptionsPatch | undefined;
  readonly stream?: StreamSpec | undefined;
}

export interface UpdateTableResponse {
  readonly reserved: ReservedDetails;
  readonly options: TableOptions;
  /** The server always sends it, switched off or not (reference 2.2); other servers may not. */
  readonly stream?: StreamDetails | undefined;
}

/** `1! table_name; 2? reserved_throughput; 3? table_options; 4? stream_spec`; reply `1! details; 2! options; 3? stream_details`. */
export const updateTable: Operation<UpdateTableRequest, UpdateTableResponse> = {
  name: "UpdateTable",
  kind: "write",
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

function encodeRequest(request: UpdateTableRequest): Uint8Array {
  const writer = new ProtobufWriter();
  writer.string(1, request.tableName);
  if (request.reserved !== undefined) writeReserved(writer, 2, request.reserved);
  if (request.options !== undefined) writeTableOptions(writer, 3, request.options);
  if (request.stream !== undefined) writeStreamSpec(writer, 4, request.stream);
  return writer.finish();
}

function decodeRequest(body: Uint8Array): UpdateTableRequest {
  const reader = new ProtobufReader(body);
  const parts: { -readonly [Part in keyof UpdateTableRequest]?: UpdateTableRequest[Part] } = {};
  while (reader.next()) {
    if (reader.field === 1) parts.tableName = reader.string();
    else if (reader.field === 2) parts.reserved = reader.message(readReserved);
    else if (reader.field === 3) parts.options = reader.message(readTableOptions);
    else if (reader.field === 4) parts.stream = reader.message(readStreamSpec);
    else reader.skip();
  }
  return { ...parts, tableName: required(parts.tableName, "table_name") };
}

function encodeResponse(response: UpdateTableResponse): Uint8Array {
  const writer = new ProtobufWriter();
  writeReservedDetails(writer, 1, response.reserved);
  writeTableOptions(writer, 2, response.options);
  if (response.stream !== undefined) writeStreamDetails(writer, 3, response.stream);
  return writer.finish();
}

function decodeResponse(body: Uint8Array): UpdateTableResponse {
  const reader = new ProtobufReader(body);
  const parts: { -readonly [Part in keyof UpdateTableResponse]?: UpdateTableResponse[Part] } = {};
  while (reader.next()) {
    if (reader.field === 1) parts.reserved = reader.message(readReservedDetails);
    else if (reader.field === 2) parts.options = reader.message(wholeTableOptions);
    else if (reader.field === 3) parts.stream = reader.message(readStreamDetails);
    else reader.skip();
  }
  return { ...parts, reserved: required(parts.reserved, "reserved_throughput_details"), options: required(parts.options, "table_options") };
}
