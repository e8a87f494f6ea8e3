import type { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { table as crcTable, undo } from "../wire/plainbuffer/crc8.ts";
import { writeCell } from "../wire/plainbuffer/encode.ts";
import { decodeName, encodeName } from "../wire/plainbuffer/names.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import { ABSENT, type RowWalker } from "../wire/plainbuffer/walk.ts";
import { ROW_HEADER_BYTES, writeRowHeader } from "./row-header.ts";
import { VERSION_PART_BYTES, VersionStamp } from "./version-stamp.ts";

/** Tags, checksum, and a key column that the server fills in. */
const ROW_FRAME_BYTES = 32;

/**
 * Puts stored rows together from fields that walkers stand on, one row after another into one buffer. Fields are copied, not decoded; checksums
 * are carried on from those in the source. Call begin, key, cell for each cell in stored order (name, then newest first), end.
 */
export class StoredRowWriter {
  readonly #writer: ByteWriter;
  /** Version of cells that come without one. */
  readonly #now: number;
  readonly #stamp: VersionStamp;
  #start = 0;
  #crc = 0;
  #cells = 0;
  #size = 0;
  #oldest = 0;
  #newest = 0;
  #versions = 0;
  #run = 0;

  constructor(writer: ByteWriter, now: number) {
    this.#writer = writer;
    this.#now = now;
    this.#stamp = VersionStamp.of(now);
  }

  /** Begins a row of at most `room` bytes of fields. */
  begin(room: number, cells: number): void {
    const writer = this.#writer;
    writer.reserve(ROW_HEADER_BYTES + ROW_FRAME_BYTES + room + cells * VERSION_PART_BYTES);
    this.#start = writer.at;
    this.#crc = 0;
    this.#cells = 0;
    this.#size = 0;
    this.#oldest = this.#now;
    this.#newest = this.#now;
    this.#versions = 0;
    this.#run = 0;
    writer.at += ROW_HEADER_BYTES;
    writer.byte(tag.ROW_KEY);
  }

  /** Adds the key of the row the walker stands on; `autoIncrement` takes the place of the column the server chooses. */
  key(walker: RowWalker, autoIncrement?: bigint): void {
    for (let field = 0; field < walker.keyCount; field++) {
      const crc = copyKeyField(this.#writer, walker, field, autoIncrement);
      this.#crc = crcTable[this.#crc ^ crc]!;
      const automatic = walker.typeOf(field) === tag.TYPE_AUTO_INCREMENT;
      this.#size += automatic ? walker.nameEnd[field]! - walker.nameAt[field]! + 8 : fieldSize(walker, field);
    }
  }

  /** Adds one key column, which may be a cell of its source: its version is left out. */
  keyField(walker: RowWalker, field: number): void {
    const writer = this.#writer;
    const timestampAt = walker.timestampAt[field]!;
    let crc = walker.crcOf(field);
    if (timestampAt === ABSENT) {
      writer.copy(walker.view, walker.start[field]!, walker.end[field]!);
    } else {
      crc = undo(crc, walker.bytes, timestampAt, timestampAt + 8);
      writer.copy(walker.view, walker.start[field]!, timestampAt - 1);
      writer.byte(tag.CELL_CHECKSUM);
      writer.byte(crc);
    }
    this.#crc = crcTable[this.#crc ^ crc]!;
    this.#size += fieldSize(walker, field);
  }

  /** Adds a cell that stands in no source. */
  made(name: string, value: bigint, version: number, sameColumn: boolean): void {
    if (this.#cells === 0) this.#writer.byte(tag.ROW_CELLS);
    const crc = writeCell(this.#writer, encodeName(name), value, version, 0);
    this.#added(crc, version, Buffer.byteLength(name) + 8, sameColumn);
  }

  /** Adds a cell; `sameColumn` says that it is an older version of the column added last. */
  cell(walker: RowWalker, field: number, sameColumn: boolean): void {
    const writer = this.#writer;
    if (this.#cells === 0) writer.byte(tag.ROW_CELLS);
    let crc = walker.crcOf(field);
    let version = this.#now;
    if (walker.timestampAt[field] === ABSENT) {
      crc = this.#stamp.copy(writer, walker, field);
    } else {
      version = walker.timestampOf(field);
      writer.copy(walker.view, walker.start[field]!, walker.end[field]!, walker.bytes.length);
    }
    this.#added(crc, version, fieldSize(walker, field), sameColumn);
  }

  /** Adds all cells of a row in this order, the stored one; there is one a column. */
  cells(walker: RowWalker, order: Int32Array): void {
    const { keyCount, count, timestampAt } = walker;
    if (count === keyCount) return;
    this.#writer.byte(tag.ROW_CELLS);
    let rowCrc = this.#crc;
    let size = 0;
    let oldest = Number.POSITIVE_INFINITY;
    let newest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count - keyCount; i++) {
      const field = order[i]!;
      let crc = walker.crcOf(field);
      let version = this.#now;
      if (timestampAt[field] === ABSENT) {
        crc = this.#stamp.copy(this.#writer, walker, field);
      } else {
        version = walker.timestampOf(field);
        this.#writer.copy(walker.view, walker.start[field]!, walker.end[field]!, walker.bytes.length);
      }
      rowCrc = crcTable[rowCrc ^ crc]!;
      size += fieldSize(walker, field);
      if (version < oldest) oldest = version;
      if (version > newest) newest = version;
    }
    this.#crc = rowCrc;
    this.#size += size;
    this.#oldest = oldest;
    this.#newest = newest;
    this.#cells = count - keyCount;
    this.#versions = 1;
  }

  /**
   * Ends the row. Its bytes stay valid while the buffer's owner does not reset it. `until`: the timestamp with which it expires, where that does not
   * follow from its cells.
   */
  end(until?: number): Buffer {
    const writer = this.#writer;
    writer.byte(tag.ROW_CHECKSUM);
    writer.byte(crcTable[this.#crc]!);
    const oldest = until !== undefined && this.#cells === 0 ? until : this.#oldest;
    writeRowHeader(writer.view, this.#start, this.#versions, this.#cells, this.#size, oldest, until ?? this.#newest);
    return writer.bytes.subarray(this.#start, writer.at);
  }

  #added(crc: number, version: number, size: number, sameColumn: boolean): void {
    this.#crc = crcTable[this.#crc ^ crc]!;
    this.#size += size;
    if (this.#cells++ === 0) {
      this.#oldest = version;
      this.#newest = version;
    } else if (version < this.#oldest) {
      this.#oldest = version;
    } else if (version > this.#newest) {
      this.#newest = version;
    }
    this.#run = sameColumn ? this.#run + 1 : 1;
    if (this.#run > this.#versions) this.#versions = this.#run;
  }
}

/** Appends a key column and returns its checksum; `autoIncrement` takes the place of the value the server chooses. Reserve first. */
export function copyKeyField(writer: ByteWriter, walker: RowWalker, field: number, autoIncrement: bigint | undefined): number {
  if (walker.typeOf(field) === tag.TYPE_AUTO_INCREMENT) {
    return writeCell(writer, encodeName(nameOf(walker, field)), autoIncrement, undefined, 0);
  }
  writer.copy(walker.view, walker.start[field]!, walker.end[field]!, walker.bytes.length);
  return walker.crcOf(field);
}

/** The name of a field. */
export function nameOf(walker: RowWalker, field: number): string {
  return decodeName(walker.bytes, walker.view, walker.nameAt[field]!, walker.nameEnd[field]!);
}

/** Bytes of a field that limits and capacity count: its name and its value without the framing. */
export function fieldSize(walker: RowWalker, field: number): number {
  return walker.nameEnd[field]! - walker.nameAt[field]! + valueSizeOf(walker, field);
}

/** Bytes of a field's value; 0 where there is none. */
export function valueSizeOf(walker: RowWalker, field: number): number {
  const valueAt = walker.valueAt[field]!;
  if (valueAt === ABSENT) return 0;
  const length = walker.valueEnd[field]! - valueAt;
  const type = walker.bytes[valueAt]!;
  return type === tag.TYPE_STRING || type === tag.TYPE_BINARY ? length - 5 : length - 1;
}
