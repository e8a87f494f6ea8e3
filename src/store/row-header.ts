/**
 * A stored row is this header and then the exact PlainBuffer row as sent in replies, without the stream header: cells in byte order of
 * name, newest version first, each with its timestamp. Little-endian:
 *
 * | offset | bytes | what |
 * | --- | --- | --- |
 * | 0 | 1 | format of the row, 1 |
 * | 1 | 1 | flags, 0 (kept for rows that go on in pages) |
 * | 2 | 2 | versions of the column that has most, 65,535 for that many or more |
 * | 4 | 4 | cells |
 * | 8 | 4 | bytes of names and values, key included: what limits and capacity units count |
 * | 12 | 8 | least timestamp of a cell (of the write, in a row without cells) |
 * | 20 | 8 | greatest timestamp |
 *
 * So a read sees without looking at a cell whether a row is alive and whether it may be sent as it is.
 */
export const ROW_HEADER_BYTES = 28;

const FORMAT = 1;
const VERSIONS_MAX = 0xffff;

/** What a row's header says, one by one: an object for each row would be garbage. `oldest` and `newest` in milliseconds. */
export function writeRowHeader(
  target: DataView,
  at: number,
  versions: number,
  cells: number,
  size: number,
  oldest: number,
  newest: number,
): void {
  target.setInt32(at, FORMAT | (Math.min(versions, VERSIONS_MAX) << 16), true);
  target.setInt32(at + 4, cells, true);
  target.setInt32(at + 8, size, true);
  target.setInt32(at + 12, oldest, true);
  target.setInt32(at + 16, Math.floor(oldest / 0x1_0000_0000), true);
  target.setInt32(at + 20, newest, true);
  target.setInt32(at + 24, Math.floor(newest / 0x1_0000_0000), true);
}

export function versionsOf(row: Uint8Array): number {
  return row[2]! | (row[3]! << 8);
}

export function cellCountOf(row: Uint8Array): number {
  return readInt32(row, 4) >>> 0;
}

export function sizeOf(row: Uint8Array): number {
  return readInt32(row, 8) >>> 0;
}

export function oldestOf(row: Uint8Array): number {
  return readTimestamp(row, 12);
}

export function newestOf(row: Uint8Array): number {
  return readTimestamp(row, 20);
}

/** Milliseconds as a safe integer, 8 bytes little-endian as in PlainBuffer. */
export function writeTimestamp(target: Uint8Array, at: number, timestamp: number): void {
  writeInt32(target, at, timestamp);
  writeInt32(target, at + 4, Math.floor(timestamp / 0x1_0000_0000));
}

function readTimestamp(source: Uint8Array, at: number): number {
  return (readInt32(source, at + 4) >>> 0) * 0x1_0000_0000 + (readInt32(source, at) >>> 0);
}

function writeInt32(target: Uint8Array, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >> 8;
  target[at + 2] = value >> 16;
  target[at + 3] = value >> 24;
}

function readInt32(source: Uint8Array, at: number): number {
  return source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24);
}
