import { ByteWriter } from "./byte-writer.ts";
import { writeHeader } from "./encode.ts";
import { HEADER_LENGTH } from "./tag.ts";
import { RowWalker } from "./walk.ts";

/** The rows of a page, each with a header of its own, as records carry them. The page is trusted: it was put together from what is stored. */
export function singleRows(page: Uint8Array): Uint8Array[] {
  const walker = new RowWalker("none").open(page);
  const rows: Uint8Array[] = [];
  while (walker.next()) {
    const row = new ByteWriter(walker.rowEnd - walker.rowStart + HEADER_LENGTH);
    writeHeader(row);
    row.append(page.subarray(walker.rowStart, walker.rowEnd));
    rows.push(row.bytes.subarray(0, row.at));
  }
  return rows;
}
