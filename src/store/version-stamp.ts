import type { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { crc8, shift } from "../wire/plainbuffer/crc8.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import type { RowWalker } from "../wire/plainbuffer/walk.ts";
import { writeTimestamp } from "./row-header.ts";

/** Bytes a cell grows by when it is given a version. */
export const VERSION_PART_BYTES = 9;

/** Many writes come within one millisecond. */
let latest: { readonly now: number; readonly stamp: VersionStamp } | undefined;

/** Copies cells that came without a version, giving them that of a write. */
export class VersionStamp {
  readonly #low: number;
  readonly #high: number;
  readonly #crc: number;

  /** `now`: milliseconds. */
  static of(now: number): VersionStamp {
    if (now !== latest?.now) latest = { now, stamp: new VersionStamp(now) };
    return latest.stamp;
  }

  private constructor(now: number) {
    const version = new Uint8Array(8);
    writeTimestamp(version, 0, now);
    const view = new DataView(version.buffer);
    this.#low = view.getInt32(0, true);
    this.#high = view.getInt32(4, true);
    this.#crc = crc8(0, version, 0, 8);
  }

  /** Everything up to the cell's checksum, the version, the new checksum, which it returns. Reserve first. */
  copy(writer: ByteWriter, walker: RowWalker, field: number): number {
    const crc = shift(walker.crcOf(field), 8) ^ this.#crc;
    writer.copy(walker.view, walker.start[field]!, walker.end[field]! - 2, walker.bytes.length);
    const { bytes, view, at } = writer;
    bytes[at] = tag.CELL_TIMESTAMP;
    view.setInt32(at + 1, this.#low, true);
    view.setInt32(at + 5, this.#high, true);
    bytes[at + 9] = tag.CELL_CHECKSUM;
    bytes[at + 10] = crc;
    writer.at = at + 11;
    return crc;
  }
}
