import type { KeyColumn } from "../../model/key.ts";
import type { Row, RowChange, UpdateCell } from "../../model/row.ts";
import type { KeyValue, Value } from "../../model/value.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { WireKeyValue } from "./decode.ts";
import { crc8View, table } from "./crc8.ts";
import { encodeName, type EncodedName } from "./names.ts";
import * as tag from "./tag.ts";
import { writeValue } from "./value.ts";
import type { Sequence } from "./walk.ts";

const OPS = { put: 0, deleteOne: tag.OP_DELETE_ONE, deleteAll: tag.OP_DELETE_ALL, increment: tag.OP_INCREMENT } as const;

/** One key with its header; placeholders allowed. @throws TF_VALUE_INVALID for values the wire cannot say. */
export function encodeKey(key: readonly KeyColumn<WireKeyValue>[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(256);
  writeHeader(writer);
  writeKeyRow(writer, key);
  return writer.take();
}

/** Keys as `encodeKey` writes them, side by side in one memory: a piece of memory for each costs more than the key. @throws TF_VALUE_INVALID */
export function encodeKeys(keys: readonly (readonly KeyColumn<WireKeyValue>[])[]): Uint8Array[] {
  const writer = new ByteWriter(64 * keys.length);
  const ends = keys.map((key) => {
    writeHeader(writer);
    writeKeyRow(writer, key);
    return writer.at;
  });
  return ends.map((end, at) => writer.bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
}

/** One change with its header, as a write carries it. @throws TF_VALUE_INVALID */
export function encodeChange(change: RowChange): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(512);
  writeChange(writer, change);
  return writer.take();
}

/** One row with its header, as GetRow answers it. @throws TF_VALUE_INVALID */
export function encodeRow(row: Row): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(512);
  writeHeader(writer);
  writeRow(writer, row);
  return writer.take();
}

/** Many rows after one header, as GetRange answers them; no rows are no bytes. @throws TF_VALUE_INVALID */
export function encodeRows(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  if (rows.length > 0) writeHeader(writer);
  for (const row of rows) writeRow(writer, row);
  return writer.take();
}

/** One record of a stream with its header; a record of base data has no sequence. @throws TF_VALUE_INVALID */
export function encodeStreamRecord(
  key: readonly KeyColumn<KeyValue>[],
  cells: readonly UpdateCell[],
  sequence?: Sequence,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(512);
  writeHeader(writer);
  let crc = writeKeyCells(writer, key);
  if (cells.length > 0) writer.byte(tag.ROW_CELLS);
  for (const cell of cells) crc = table[crc ^ writeUpdateCell(writer, cell)]!;
  writer.reserve(64);
  if (sequence !== undefined) writeSequence(writer, sequence);
  writeRowChecksum(writer, crc, false);
  return writer.take();
}

export function writeHeader(writer: ByteWriter): void {
  writer.reserve(tag.HEADER_LENGTH);
  writer.int32(tag.HEADER);
}

/** Appends a row without header. */
export function writeRow(writer: ByteWriter, row: Row): void {
  let crc = writeKeyCells(writer, row.key);
  const { cells } = row;
  if (cells.length > 0) writer.byte(tag.ROW_CELLS);
  for (const cell of cells) crc = table[crc ^ writeCell(writer, cell.name, cell.value, cell.timestamp, 0)]!;
  writeRowChecksum(writer, crc, false);
}

/** Appends a key as a row without header. */
export function writeKeyRow(writer: ByteWriter, key: readonly KeyColumn<WireKeyValue>[]): void {
  writeRowChecksum(writer, writeKeyCells(writer, key), false);
}

/** Appends a change with its header. */
export function writeChange(writer: ByteWriter, change: RowChange): void {
  writeHeader(writer);
  let crc = writeKeyCells(writer, change.key);
  if (change.type === "put") {
    if (change.cells.length > 0) writer.byte(tag.ROW_CELLS);
    for (const { name, value, timestamp } of change.cells) crc = table[crc ^ writeCell(writer, name, value, timestamp, 0)]!;
  } else if (change.type === "update") {
    if (change.cells.length > 0) writer.byte(tag.ROW_CELLS);
    for (const cell of change.cells) crc = table[crc ^ writeUpdateCell(writer, cell)]!;
  } else {
    writer.byte(tag.DELETE_MARKER);
  }
  writeRowChecksum(writer, crc, change.type === "delete");
}

/** Appends one key column or cell and returns its checksum. */
export function writeCell(
  writer: ByteWriter,
  column: string | EncodedName,
  value: Value | WireKeyValue | undefined,
  timestamp: number | undefined,
  op: number,
): number {
  const name = typeof column === "string" ? encodeName(column) : column;
  writer.reserve(name.length + 32);
  writer.copy(name.view, 0, name.length, name.readable);
  let { crc } = name;
  if (value !== undefined) {
    writer.byte(tag.CELL_VALUE);
    const lengthAt = writer.at;
    writer.at += 4;
    writeValue(writer, value);
    writer.view.setInt32(lengthAt, writer.at - lengthAt - 4, true);
    crc = writer.crc(crc, lengthAt + 4);
    writer.reserve(32);
  }
  if (op !== 0) {
    writer.byte(tag.CELL_OP);
    writer.byte(op);
  }
  if (timestamp !== undefined) {
    writer.byte(tag.CELL_TIMESTAMP);
    writer.int64(timestamp);
    crc = crc8View(crc, writer.view, writer.at - 8, writer.at);
  }
  if (op !== 0) crc = table[crc ^ op]!;
  writer.byte(tag.CELL_CHECKSUM);
  writer.byte(crc);
  return crc;
}

function writeUpdateCell(writer: ByteWriter, cell: UpdateCell): number {
  switch (cell.op) {
    case "put":
      return writeCell(writer, cell.name, cell.value, cell.timestamp, 0);
    case "deleteOne":
      return writeCell(writer, cell.name, undefined, cell.timestamp, OPS.deleteOne);
    case "deleteAll":
      return writeCell(writer, cell.name, undefined, undefined, OPS.deleteAll);
    case "increment":
      return writeCell(writer, cell.name, cell.by, undefined, OPS.increment);
  }
}

/** Leaves room for the tag or marker that may follow. */
function writeKeyCells(writer: ByteWriter, key: readonly KeyColumn<WireKeyValue>[]): number {
  writer.reserve(2);
  writer.byte(tag.ROW_KEY);
  let crc = 0;
  for (const { name, value } of key) crc = table[crc ^ writeCell(writer, name, value, undefined, 0)]!;
  writer.reserve(4);
  return crc;
}

function writeRowChecksum(writer: ByteWriter, crc: number, deleted: boolean): void {
  writer.reserve(2);
  writer.byte(tag.ROW_CHECKSUM);
  writer.byte(table[crc ^ (deleted ? 1 : 0)]!);
}

/** Appends the extension that says where in its stream a record stands. Reserve 29 bytes first. */
export function writeSequence(writer: ByteWriter, { epoch, timestamp, rowIndex }: Sequence): void {
  writer.byte(tag.EXTENSION);
  writer.int32(24);
  writer.byte(tag.SEQUENCE);
  writer.int32(19);
  writer.byte(tag.SEQUENCE_EPOCH);
  writer.int32(epoch);
  writer.byte(tag.SEQUENCE_TIMESTAMP);
  writer.int64(timestamp);
  writer.byte(tag.SEQUENCE_ROW_INDEX);
  writer.int32(rowIndex);
}
