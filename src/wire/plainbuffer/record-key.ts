import * as tag from "./tag.ts";

/**
 * Where the key of a record of `bytes[start, end)` ends; −1 where it is not written as every key is: header, tag, and for each column name, value and checksum.
 * Keys of one table that are written so are equal if and only if their bytes are. Names and types are looked at by whoever walks the record.
 */
export function recordKeyEnd(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  let at = start + tag.HEADER_LENGTH;
  if (at >= end || bytes[at] !== tag.ROW_KEY) return -1;
  at++;
  const first = at;
  // 6 bytes in front of a name, 5 in front of a value, 2 behind it.
  while (at + 13 <= end && bytes[at] === tag.CELL) {
    if (bytes[at + 1] !== tag.CELL_NAME) return -1;
    at += 6 + view.getUint32(at + 2, true);
    if (at + 7 > end || bytes[at] !== tag.CELL_VALUE) return -1;
    at += 5 + view.getUint32(at + 1, true);
    if (at + 2 > end || bytes[at] !== tag.CELL_CHECKSUM) return -1;
    at += 2;
  }
  return at === first ? -1 : at;
}
