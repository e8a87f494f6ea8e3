import { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { table as crcTable } from "../wire/plainbuffer/crc8.ts";
import { writeHeader } from "../wire/plainbuffer/encode.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import { RowWalker } from "../wire/plainbuffer/walk.ts";
import { ROW_HEADER_BYTES } from "./row-header.ts";

const walker = new RowWalker("none");

/** The key of a stored row as PlainBuffer with its header; its first `columns` columns, or all of them. */
export function storedKey(row: Uint8Array, columns?: number): Uint8Array {
  walker.openRows(row, ROW_HEADER_BYTES, row.length).next();
  return encodeWalkedKey(walker, columns);
}

/** The key of the row a walker stands on, likewise. */
export function encodeWalkedKey(row: RowWalker, columns = row.keyCount): Uint8Array {
  const count = Math.min(columns, row.keyCount);
  const end = row.end[count - 1]!;
  const writer = new ByteWriter(end - row.rowStart + 8);
  writeHeader(writer);
  writer.reserve(end - row.rowStart + 2);
  writer.copy(row.view, row.rowStart, end);
  let crc = 0;
  for (let field = 0; field < count; field++) crc = crcTable[crc ^ row.crcOf(field)]!;
  writer.byte(tag.ROW_CHECKSUM);
  writer.byte(crcTable[crc]!);
  return writer.take();
}
