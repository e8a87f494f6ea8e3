import { ProtobufReader, ProtobufWriter, required } from "../protobuf.ts";
import { readConsumed, writeConsumed, type Capacity } from "./capacity.ts";

/** The service's refusal of one row of a batch: its code and text, as in an error body. */
export interface RowError {
  readonly code: string;
  readonly text: string;
}

/**
 * Outcome of one row of a batch, in request order (reference 1.9). `row` is a PlainBuffer: of a read that found nothing
 * it is present and empty, of a write it is there only when return content was asked for.
 */
export type RowResult =
  | { readonly ok: true; readonly consumed: Capacity; readonly row?: Uint8Array | undefined; readonly nextToken?: Uint8Array | undefined }
  | { readonly ok: false; readonly error: RowError; readonly consumed?: Capacity | undefined };

export interface TableResults {
  readonly tableName: string;
  readonly rows: readonly RowResult[];
}

/**
 * `1* tables {1! table_name; 2* rows {1! is_ok; 2? error; 3? consumed; 4? row; 5? next_token}}`, of both batch operations. Neighbours with the very same
 * result are written once and copied.
 */
export function encodeTableResults(tables: readonly TableResults[]): Uint8Array {
  let room = 64;
  for (const { rows } of tables) for (const row of rows) room += 32 + (row.ok ? (row.row?.length ?? 0) : 128);
  const writer = new ProtobufWriter(room);
  for (const table of tables) {
    writer.message(1, () => {
      writer.string(1, table.tableName);
      let last: RowResult | undefined;
      let [from, to] = [0, 0];
      for (const row of table.rows) {
        if (row === last) {
          writer.repeat(from, to);
          continue;
        }
        from = writer.at;
        writeBatchResult(writer, row);
        to = writer.at;
        last = row;
      }
    });
  }
  return writer.finish();
}

function writeBatchResult(writer: ProtobufWriter, result: RowResult): void {
  writer.message(2, () => writeRowResult(writer, result));
}

export function writeRowResult(writer: ProtobufWriter, result: RowResult): void {
  writer.boolean(1, result.ok);
  if (result.ok) {
    writeConsumed(writer, 3, result.consumed);
    writer.bytes(4, result.row);
    writer.bytes(5, result.nextToken);
    return;
  }
  const { code, text } = result.error;
  writer.message(2, () => {
    writer.string(1, code);
    writer.string(2, text);
  });
  if (result.consumed !== undefined) writeConsumed(writer, 3, result.consumed);
}

export function decodeTableResults(body: Uint8Array): TableResults[] {
  const reader = new ProtobufReader(body);
  const tables: TableResults[] = [];
  while (reader.next()) {
    if (reader.field === 1) tables.push(reader.message(readTableResults));
    else reader.skip();
  }
  return tables;
}

/**
 * Rows of a batch that went well answer the same few bytes: they are compared in place with those of the last row that was
 * decoded, and share its result (0.1 µs a row where decoding takes 0.9).
 */
function readTableResults(reader: ProtobufReader): TableResults {
  let tableName: string | undefined;
  const rows: RowResult[] = [];
  const { bytes } = reader;
  let last: RowResult | undefined;
  let lastFrom = 0;
  let lastTo = 0;
  while (reader.next()) {
    if (reader.field === 1) tableName = reader.string();
    else if (reader.field === 2) {
      const from = reader.block();
      if (last === undefined || !sameShort(bytes, lastFrom, lastTo, from, reader.at)) {
        last = readRowResult(new ProtobufReader(bytes, from, reader.at));
        lastFrom = from;
        lastTo = reader.at;
      }
      rows.push(last);
    } else reader.skip();
  }
  return { tableName: required(tableName, "table_name"), rows };
}

/** Longer results carry a row, and are not likely to repeat. */
const SHORT = 16;

function sameShort(bytes: Uint8Array, from: number, to: number, otherFrom: number, otherTo: number): boolean {
  const length = to - from;
  if (otherTo - otherFrom !== length || length > SHORT) return false;
  for (let i = 0; i < length; i++) if (bytes[from + i] !== bytes[otherFrom + i]) return false;
  return true;
}

export function readRowResult(reader: ProtobufReader): RowResult {
  let ok: boolean | undefined;
  let error: RowError | undefined;
  let consumed: Capacity | undefined;
  let row: Uint8Array | undefined;
  let nextToken: Uint8Array | undefined;
  while (reader.next()) {
    if (reader.field === 1) ok = reader.boolean();
    else if (reader.field === 2) error = reader.message(readRowError);
    else if (reader.field === 3) consumed = reader.message(readConsumed);
    else if (reader.field === 4) row = reader.view();
    else if (reader.field === 5) nextToken = reader.view();
    else reader.skip();
  }
  if (!required(ok, "is_ok")) return { ok: false, error: required(error, "error"), consumed };
  return { ok: true, consumed: required(consumed, "consumed"), row, nextToken };
}

function readRowError(reader: ProtobufReader): RowError {
  let code: string | undefined;
  let text = "";
  while (reader.next()) {
    if (reader.field === 1) code = reader.string();
    else if (reader.field === 2) text = reader.string();
    else reader.skip();
  }
  return { code: required(code, "code"), text };
}
