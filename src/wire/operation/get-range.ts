import type { CellSelection } from "../../model/condition.ts";
import { enumeration, ProtobufReader, ProtobufWriter, required } from "../protobuf.ts";
import { readConsumed, writeConsumed, type Capacity } from "./capacity.ts";
import { readSelectionField, writeSelection, type SelectionFields, type SelectionParts } from "./cell-selection.ts";
import type { Operation } from "./operation.ts";

/** How rows are laid out in a reply: PlainBuffer (reference 3.1) or a matrix without timestamps (3.8). */
export type BlockType = "plainBuffer" | "simpleRowMatrix";

export interface GetRangeRequest {
  readonly tableName: string;
  readonly direction: "forward" | "backward";
  readonly selection: CellSelection;
  readonly limit?: number | undefined;
  /** Encoded key with every key column, INF_MIN and INF_MAX allowed. */
  readonly start: Uint8Array;
  /** Encoded key, exclusive. */
  readonly end: Uint8Array;
  readonly cacheBlocks?: boolean | undefined;
  readonly token?: Uint8Array | undefined;
  readonly transactionId?: string | undefined;
  /** A hint; the reply says what it is. */
  readonly blockType?: BlockType | undefined;
  readonly entireKeys?: boolean | undefined;
}

export interface GetRangeResponse {
  readonly consumed: Capacity;
  /** Many rows after one PlainBuffer header; empty when there are none. */
  readonly rows: Uint8Array;
  /** Encoded key of the next unread row; absent at the end of the range. */
  readonly nextStart?: Uint8Array | undefined;
  readonly nextToken?: Uint8Array | undefined;
  readonly blockType?: BlockType | undefined;
}

const directions = enumeration("direction", { forward: 0, backward: 1 });
export const blockTypes = enumeration<BlockType>("data block type", { plainBuffer: 0, simpleRowMatrix: 1 });
const selectionFields: SelectionFields = { columns: 3, timeRange: 4, maxVersions: 5, filter: 10, startColumn: 11, endColumn: 12 };

/**
 * `1! table_name; 2! direction; 3* columns_to_get; 4? time_range; 5? max_versions; 6? limit; 7! inclusive_start_primary_key;
 * 8! exclusive_end_primary_key; 9? cache_blocks; 10? filter; 11? start_column; 12? end_column; 13? token; 14? transaction_id;
 * 15? data_block_type_hint; 16? return_entire_primary_keys`.
 */
export const getRange: Operation<GetRangeRequest, GetRangeResponse> = {
  name: "GetRange",
  kind: "read",
  encodeRequest,
  decodeRequest,
  encodeResponse,
  decodeResponse,
};

function encodeRequest(request: GetRangeRequest): Uint8Array {
  const writer = new ProtobufWriter();
  writer.string(1, request.tableName);
  writer.integer(2, directions.number(request.direction));
  writeSelection(writer, selectionFields, request.selection);
  writer.integer(6, request.limit);
  writer.bytes(7, request.start);
  writer.bytes(8, request.end);
  writer.boolean(9, request.cacheBlocks);
  writer.bytes(13, request.token);
  writer.string(14, request.transactionId);
  if (request.blockType !== undefined) writer.integer(15, blockTypes.number(request.blockType));
  writer.boolean(16, request.entireKeys);
  return writer.finish();
}

function decodeRequest(body: Uint8Array): GetRangeRequest {
  const reader = new ProtobufReader(body);
  const parts: { -readonly [Part in keyof GetRangeRequest]?: GetRangeRequest[Part] } = {};
  const selection: SelectionParts = {};
  while (reader.next()) {
    if (reader.field === 1) parts.tableName = reader.string();
    else if (reader.field === 2) parts.direction = directions.name(reader.integer());
    else if (reader.field === 6) parts.limit = reader.integer();
    else if (reader.field === 7) parts.start = reader.view();
    else if (reader.field === 8) parts.end = reader.view();
    else if (reader.field === 9) parts.cacheBlocks = reader.boolean();
    else if (reader.field === 13) parts.token = reader.view();
    else if (reader.field === 14) parts.transactionId = reader.string();
    else if (reader.field === 15) parts.blockType = blockTypes.name(reader.integer());
    else if (reader.field === 16) parts.entireKeys = reader.boolean();
    else if (!readSelectionField(reader, selectionFields, selection)) reader.skip();
  }
  return {
    ...parts,
    tableName: required(parts.tableName, "table_name"),
    direction: required(parts.direction, "direction"),
    start: required(parts.start, "inclusive_start_primary_key"),
    end: required(parts.end, "exclusive_end_primary_key"),
    selection,
  };
}

function encodeResponse(response: GetRangeResponse): Uint8Array {
  const writer = new ProtobufWriter(response.rows.length + 256);
  writeConsumed(writer, 1, response.consumed);
  writer.bytes(2, response.rows);
  writer.bytes(3, response.nextStart);
  writer.bytes(4, response.nextToken);
  if (response.blockType !== undefined) writer.integer(5, blockTypes.number(response.blockType));
  return writer.finish();
}

function decodeResponse(body: Uint8Array): GetRangeResponse {
  const reader = new ProtobufReader(body);
  const parts: { -readonly [Part in keyof GetRangeResponse]?: GetRangeResponse[Part] } = {};
  while (reader.next()) {
    if (reader.field === 1) parts.consumed = reader.message(readConsumed);
    else if (reader.field === 2) parts.rows = reader.view();
    else if (reader.field === 3) parts.nextStart = reader.view();
    else if (reader.field === 4) parts.nextToken = reader.view();
    else if (reader.field === 5) parts.blockType = blockTypes.name(reader.integer());
    else reader.skip();
  }
  return { ...parts, consumed: required(parts.consumed, "consumed"), rows: required(parts.rows, "rows") };
}
