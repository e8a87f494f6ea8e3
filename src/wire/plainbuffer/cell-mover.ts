import type { ByteWriter } from "./byte-writer.ts";
import { crc8View, shift, unshift } from "./crc8.ts";
import type { EncodedName } from "./names.ts";
import * as tag from "./tag.ts";
import { ABSENT, type RowWalker } from "./walk.ts";

/** Writes cells of rows read under other names or with other timestamps, their checksums adjusted without reading the values (crc8.ts). */
export class CellMover {
  readonly #times = new DataView(new ArrayBuffer(8));
  /** The timestamp whose checksum was made last: cells written together have the same. */
  #timeLow = 0;
  #timeHigh = 0;
  #timeCrc = 0;

  /** Writes the value of a field under another name with another timestamp or none, and returns the new checksum. */
  move(walker: RowWalker, writer: ByteWriter, field: number, from: EncodedName, to: EncodedName, timestamp: number | undefined): number {
    const valueAt = walker.valueAt[field]!;
    const valueEnd = walker.valueEnd[field]!;
    const timestampAt = walker.timestampAt[field]!;
    let crc = walker.crcOf(field);
    if (timestampAt !== ABSENT) crc = unshift(crc ^ this.#timestampCrc(walker.view, timestampAt), 8);
    if (from !== to) crc ^= shift(from.crc ^ to.crc, valueEnd - valueAt);
    writer.reserve(to.length + 5 + valueEnd - valueAt + 16);
    writer.copy(to.view, 0, to.length, to.readable);
    writer.copy(walker.view, valueAt - 5, valueEnd, walker.bytes.length);
    if (timestamp !== undefined) {
      writer.byte(tag.CELL_TIMESTAMP);
      writer.int64(timestamp);
      crc = shift(crc, 8) ^ this.#timestampCrc(writer.view, writer.at - 8);
    }
    writer.byte(tag.CELL_CHECKSUM);
    writer.byte(crc);
    return crc;
  }

  /** Writes a cell with its version under another name and returns the new checksum. */
  rename(walker: RowWalker, writer: ByteWriter, field: number, from: EncodedName, to: EncodedName): number {
    const nameEnd = walker.nameEnd[field]!;
    const end = walker.end[field]!;
    const covered = walker.valueEnd[field]! - walker.valueAt[field]! + 8;
    const crc = walker.crcOf(field) ^ shift(from.crc ^ to.crc, covered);
    writer.reserve(to.length + end - nameEnd);
    writer.copy(to.view, 0, to.length, to.readable);
    writer.copy(walker.view, nameEnd, end - 1, walker.bytes.length);
    writer.byte(crc);
    return crc;
  }

  /** Writes a cell as it is but without its timestamp, and returns the new checksum. */
  unstamp(walker: RowWalker, writer: ByteWriter, field: number): number {
    const { view } = walker;
    const start = walker.start[field]!;
    const time = walker.timestampAt[field]!;
    const crc = unshift(walker.crcOf(field) ^ this.#timestampCrc(view, time), 8);
    writer.reserve(time - start + 2);
    writer.copy(view, start, time - 1, walker.bytes.length);
    writer.byte(tag.CELL_CHECKSUM);
    writer.byte(crc);
    return crc;
  }

  /** The checksum of the eight bytes at `at`. */
  #timestampCrc(view: DataView, at: number): number {
    const low = view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    if (low !== this.#timeLow || high !== this.#timeHigh) {
      this.#timeLow = low;
      this.#timeHigh = high;
      this.#times.setInt32(0, low, true);
      this.#times.setInt32(4, high, true);
      this.#timeCrc = crc8View(0, this.#times, 0, 8);
    }
    return this.#timeCrc;
  }
}
