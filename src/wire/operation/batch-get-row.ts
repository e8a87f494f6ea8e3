import type { CellSelection } from "../../model/condition.ts";
import { ProtobufReader, ProtobufWriter, required } from "../protobuf.ts";
import { readSelectionField, writeSelection, type SelectionFields, type SelectionParts } from "./cell-selection.ts";
import type { Operation } from "./operation.ts";
import { decodeTableResults, encodeTableResults, type TableResults } from "./row-result.ts";

export interface BatchGetTable {
  readonly tableName: string;
  /** Encoded keys, each with its header. */
  readonly keys: readonly Uint8Array[];
  /** Empty, or one for each key; an empty token starts the row at its first cell. */
  readonly tokens: readonly Uint8Array[];
  readonly selection: CellSelection;
  readonly cacheBlocks?: boolean | undefined;
}

export interface BatchGetRowRequest {
  readonly tables: readonly BatchGetTable[];
}

export interface BatchGetRowResponse {
  readonly tables: readonly TableResults[];
}

const selectionFields: SelectionFields = { columns: 4, timeRange: 5, maxVersions: 6, filter: 8, startColumn: 9, endColumn: 10 };

/** `1* tables {1! table_name; 2* primary_key; 3* token; 4* columns_to_get; 5? time_range; 6? max_versions; 7? cache_blocks; 8? filter; 9? start_column; 10? end_column}`. */
export const batchGetRow: Operation<BatchGetRowRequest, BatchGetRowResponse> = {
  name: "BatchGetRow",
  kind: "read",
  encodeRequest: (request) => {
    const writer = new ProtobufWriter(4096);
    for (const table of request.tables) {
      writer.message(1, () => {
        writer.string(1, table.tableName);
        for (const key of table.keys) writer.bytes(2, key);
        for (const token of table.tokens) writer.bytes(3, token);
        writeSelection(writer, selectionFields, table.selection);
        writer.boolean(7, table.cacheBlocks);
      });
    }
    return writer.finish();
  },
  decodeRequest: (body) => {
    const reader = new ProtobufReader(body);
    const tables: BatchGetTable[] = [];
    while (reader.next()) {
      if (reader.field === 1) tables.push(reader.message(readBatchTable));
      else reader.skip();
    }
    return { tables };
  },
  encodeResponse: (response) => encodeTableResults(response.tables),
  decodeResponse: (body) => ({ tables: decodeTableResults(body) }),
};

function readBatchTable(reader: ProtobufReader): BatchGetTable {
  let tableName: string | undefined;
  let cacheBlocks: boolean | undefined;
  const keys: Uint8Array[] = [];
  const tokens: Uint8Array[] = [];
  const selection: SelectionParts = {};
  while (reader.next()) {
    if (reader.field === 1) tableName = reader.string();
    else if (reader.field === 2) keys.push(reader.view());
    else if (reader.field === 3) tokens.push(reader.view());
    else if (reader.field === 7) cacheBlocks = reader.boolean();
    else if (!readSelectionField(reader, selectionFields, selection)) reader.skip();
  }
  return { tableName: required(tableName, "table_name"), keys, tokens, selection, cacheBlocks };
}
