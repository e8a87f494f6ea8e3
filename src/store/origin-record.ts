import type { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { table as crcTable } from "../wire/plainbuffer/crc8.ts";
import { writeHeader } from "../wire/plainbuffer/encode.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import { RowWalker } from "../wire/plainbuffer/walk.ts";
import { compareNames } from "./compose-put.ts";
import { ROW_HEADER_BYTES } from "./row-header.ts";
import { nameOf } from "./stored-row-writer.ts";

const walker = new RowWalker("none");

/**
 * Appends what the named columns of a stored row are, newest version each, as one PlainBuffer row. It has the key of the record that stands in the
 * writer from `recordAt` on, without header, also where there was no row: Java's reader of streams demands one and its reader of tunnels takes it, while the empty row of
 * reference 5.7, `75000000 01 09 00`, is good for the latter only. What the service sends is unverified, and so is that there is one version a column.
 */
export function appendOrigin(
  writer: ByteWriter,
  recordAt: number,
  row: Uint8Array | undefined,
  columns: ReadonlySet<string>,
  floor: number,
): void {
  const record = writer.bytes;
  const recordEnd = writer.at;
  writer.reserve(16 + (row?.length ?? recordEnd - recordAt));
  if (row === undefined) walker.openRows(record, recordAt, recordEnd).next();
  else walker.openRows(row, ROW_HEADER_BYTES, row.length).next();
  writeHeader(writer);
  writer.byte(tag.ROW_KEY);
  let crc = 0;
  for (let field = 0; field < walker.keyCount; field++) crc = copyField(writer, field, crc);
  let cells = 0;
  const end = row === undefined ? walker.keyCount : walker.count;
  for (let field = walker.keyCount; field < end; field++) {
    const newest = field === walker.keyCount || compareNames(walker, field - 1, walker, field) !== 0;
    if (!newest || walker.timestampOf(field) < floor || !columns.has(nameOf(walker, field))) continue;
    if (cells++ === 0) writer.byte(tag.ROW_CELLS);
    crc = copyField(writer, field, crc);
  }
  writer.byte(tag.ROW_CHECKSUM);
  writer.byte(crcTable[crc]!);
}

/** Appends a field of the walker's row and returns the row's checksum so far. */
function copyField(writer: ByteWriter, field: number, crc: number): number {
  writer.copy(walker.view, walker.start[field]!, walker.end[field]!);
  return crcTable[crc ^ walker.crcOf(field)]!;
}
