import { ByteWriter } from "./byte-writer.ts";
import { table as crcTable } from "./crc8.ts";
import { writeHeader } from "./encode.ts";
import { decodeName } from "./names.ts";
import * as tag from "./tag.ts";
import { RowWalker } from "./walk.ts";

/**
 * A page whose rows keep only those key columns that are named, possibly none; their cells stay as they are. The page is trusted: it was put together
 * from what is stored.
 */
export function rowsWithNamedKeys(page: Uint8Array, names: ReadonlySet<string>): Uint8Array {
  if (page.length === 0) return page;
  const walker = new RowWalker("none").open(page);
  const writer = new ByteWriter(page.length);
  writeHeader(writer);
  while (walker.next()) {
    let crc = 0;
    writer.byte(tag.ROW_KEY);
    for (let field = 0; field < walker.count; field++) {
      const { view } = walker;
      if (field < walker.keyCount && !names.has(decodeName(page, view, walker.nameAt[field]!, walker.nameEnd[field]!))) continue;
      if (field === walker.keyCount) writer.byte(tag.ROW_CELLS);
      writer.copy(view, walker.start[field]!, walker.end[field]!);
      crc = crcTable[crc ^ walker.crcOf(field)]!;
    }
    writer.byte(tag.ROW_CHECKSUM);
    writer.byte(crcTable[crc]!);
  }
  return writer.take();
}
