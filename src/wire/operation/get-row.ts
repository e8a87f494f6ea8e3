import type { CellSelection } from "../../model/condition.ts";
import { ProtobufReader, ProtobufWriter, required } from "../protobuf.ts";
import { readConsumed, writeConsumed, type Capacity } from "./capacity.ts";
import { readSelectionField, writeSelection, type SelectionFields, type SelectionParts } from "./cell-selection.ts";
import type { Operation } from "./operation.ts";

export interface GetRowRequest {
  readonly tableName: string;
  /** Encoded key. */
  readonly key: Uint8Array;
  readonly selection: CellSelection;
  readonly cacheBlocks?: boolean | undefined;
  /** Goes on inside a wide row. */
  readonly token?: Uint8Array | undefined;
  readonly transactionId?: string | undefined;
}

export interface GetRowResponse {
  readonly consumed: Capacity;
  /** PlainBuffer with one row; empty when there is none. */
  readonly row: Uint8Array;
  readonly nextToken?: Uint8Array | undefined;
}

const selectionFields: SelectionFields = { columns: 3, timeRange: 4, maxVersions: 5, filter: 7, startColumn: 8, endColumn: 9 };

/** `1! table_name; 2! primary_key; 3* columns_to_get; 4? time_range; 5? max_versions; 6? cache_blocks; 7? filter; 8? start_column; 9? end_column; 10? token; 11? transaction_id`. */
export const getRow: Operation<GetRowRequest, GetRowResponse> = {
  name: "GetRow",
  kind: "read",
  encodeRequest: (request) => {
    const writer = new ProtobufWriter();
    writer.string(1, request.tableName);
    writer.bytes(2, request.key);
    writeSelection(writer, selectionFields, request.selection);
    writer.boolean(6, request.cacheBlocks);
    writer.bytes(10, request.token);
    writer.string(11, request.transactionId);
    return writer.finish();
  },
  decodeRequest: (body) => {
    const reader = new ProtobufReader(body);
    let tableName: string | undefined;
    let key: Uint8Array | undefined;
    let cacheBlocks: boolean | undefined;
    let token: Uint8Array | undefined;
    let transactionId: string | undefined;
    const selection: SelectionParts = {};
    while (reader.next()) {
      if (reader.field === 1) tableName = reader.string();
      else if (reader.field === 2) key = reader.view();
      else if (reader.field === 6) cacheBlocks = reader.boolean();
      else if (reader.field === 10) token = reader.view();
      else if (reader.field === 11) transactionId = reader.string();
      else if (!readSelectionField(reader, selectionFields, selection)) reader.skip();
    }
    return {
      tableName: required(tableName, "table_name"),
      key: required(key, "primary_key"),
      selection,
      cacheBlocks,
      token,
      transactionId,
    };
  },
  encodeResponse: (response) => {
    const writer = new ProtobufWriter(response.row.length + 64);
    writeConsumed(writer, 1, response.consumed);
    writer.bytes(2, response.row);
    writer.bytes(3, response.nextToken);
    return writer.finish();
  },
  decodeResponse: (body) => {
    const reader = new ProtobufReader(body);
    let consumed: Capacity | undefined;
    let row: Uint8Array | undefined;
    let nextToken: Uint8Array | undefined;
    while (reader.next()) {
      if (reader.field === 1) consumed = reader.message(readConsumed);
      else if (reader.field === 2) row = reader.view();
      else if (reader.field === 3) nextToken = reader.view();
      else reader.skip();
    }
    return { consumed: required(consumed, "consumed"), row: required(row, "row"), nextToken };
  },
};
