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
 * Appends what the named columns of a stored row are, newest version each, as one PlainBuffer row without key: Java reads origin records with
 * a key or without, and the empty one, `75000000 01 09 00`, only without (reference 5.7); that those with cells have none either is unverified, and so is
 * that there is one version a column.
 */
export function appendOrigin(writer: ByteWriter, row: Uint8Array | undefined, columns: ReadonlySet<string>, floor: number): void {
  writer.reserve(16 + (row?.length ?? 0));
  writeHeader(writer);
  writer.byte(tag.ROW_KEY);
  let crc = 0;
  let cells = 0;
  if (row !== undefined) {
    walker.openRows(row, ROW_HEADER_BYTES, row.length).next();
    for (let field = walker.keyCount; field < walker.count; field++) {
      const newest = field === walker.keyCount || compareNames(walker, field - 1, walker, field) !== 0;
      if (!newest || walker.timestampOf(field) < floor || !columns.has(nameOf(walker, field))) continue;
      if (cells++ === 0) writer.byte(tag.ROW_CELLS);
      writer.copy(walker.view, walker.start[field]!, walker.end[field]!);
      crc = crcTable[crc ^ walker.crcOf(field)]!;
    }
  }
  writer.byte(tag.ROW_CHECKSUM);
  writer.byte(crcTable[crc]!);
}
