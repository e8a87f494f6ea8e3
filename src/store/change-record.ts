import type { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { table as crcTable } from "../wire/plainbuffer/crc8.ts";
import { writeCell, writeHeader, writeSequence } from "../wire/plainbuffer/encode.ts";
import { encodeName } from "../wire/plainbuffer/names.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import { ABSENT, type RowWalker } from "../wire/plainbuffer/walk.ts";
import {
  CHANGE_FRAME_BYTES,
  CHANGE_KEY_BYTES,
  type ChangeAction,
  CHANGES_IN_ENTRY,
  type NumberedShard,
  setChangeLengths,
  writeChangeFrame,
  writeChangeKey,
} from "./change-entry.ts";
import { changesByName, type Sum } from "./compose-update.ts";
import type { StoreChange } from "./ordered-store.ts";
import { appendOrigin } from "./origin-record.ts";
import { ROW_HEADER_BYTES } from "./row-header.ts";
import { copyKeyField, nameOf } from "./stored-row-writer.ts";
import { VERSION_PART_BYTES, VersionStamp } from "./version-stamp.ts";

const EXTENSION_BYTES = 29;
const ROW_CHECKSUM_BYTES = 2;
/** Frame, tags, extension, checksum, and a key column that the server fills in. */
const FRAME_BYTES = CHANGE_FRAME_BYTES + EXTENSION_BYTES + 48;
/** A reader that wants one change reads its entry; and this much is a flush worth. Of our own. */
const ENTRY_BYTES_MAX = 256 * 1024;

/** What a stream's origin columns were before a change. */
export interface Origin {
  readonly columns: ReadonlySet<string>;
  /** Cells of an older version have expired. */
  readonly floor: number;
  /** The row as stored; undefined where there was none. */
  readonly row: Uint8Array | undefined;
}

/**
 * Writes the changes of one request to one shard as they are kept (see `change-entry.ts`) and sent: rows are copied as they are stored, fields of updates as they were sent,
 * checksums carried on; nothing is decoded. The bytes stay valid until their `writer` is reset.
 */
export class ChangeWriter {
  readonly writer: ByteWriter;
  readonly #shard: NumberedShard;
  readonly #changes: StoreChange[] = [];
  #stamp: VersionStamp;
  /** Where the entry that is being written begins; undefined between two. */
  #entryAt: number | undefined;
  #frameAt = 0;
  #last = 0;

  /** `now`: milliseconds, the version of cells that come without one. Written into `writer`, behind what stands there. */
  constructor(shard: NumberedShard, now: number, writer: ByteWriter) {
    this.#shard = shard;
    this.writer = writer;
    this.#stamp = VersionStamp.of(now);
  }

  /** Entries with all that was written, once: nothing can be written any more. */
  finish(): readonly StoreChange[] {
    this.#endEntry();
    return this.#changes;
  }

  setTime(now: number): void {
    this.#stamp = VersionStamp.of(now);
  }

  /** The row was replaced by this stored one. */
  put(sequence: number, row: Buffer, origin: Origin | undefined): void {
    const writer = this.writer;
    this.#begin("put", sequence, row.length);
    const end = row.length - ROW_CHECKSUM_BYTES;
    writer.at += row.copy(writer.bytes, writer.at, ROW_HEADER_BYTES, end);
    writeSequence(writer, { epoch: 0, timestamp: sequence, rowIndex: 0 });
    writer.byte(tag.ROW_CHECKSUM);
    writer.byte(row[end + 1]!);
    this.#end(origin);
  }

  /**
   * The row was changed as the walker's UpdateRow says; `sums` are what its increments came to, in the order of `changesByName`. That an increment
   * stands in a record as its result is unverified; applying that twice does no harm.
   */
  update(sequence: number, change: RowWalker, autoIncrement: bigint | undefined, sums: readonly Sum[] = [], origin?: Origin): void {
    const writer = this.writer;
    this.#begin("update", sequence, change.rowEnd - change.rowStart + change.count * VERSION_PART_BYTES);
    let crc = this.#key(change, autoIncrement);
    writer.byte(tag.ROW_CELLS);
    let sum = 0;
    for (const field of changesByName(change)) {
      const cell = change.op[field] === tag.OP_INCREMENT ? this.#sum(change, field, sums[sum++]!) : this.#cell(change, field);
      crc = crcTable[crc ^ cell]!;
    }
    this.#endRow(sequence, crc);
    this.#end(origin);
  }

  /** The row was removed; the record is its key, without a delete marker. */
  delete(sequence: number, key: RowWalker, origin: Origin | undefined): void {
    this.#begin("delete", sequence, key.rowEnd - key.rowStart);
    this.#endRow(sequence, this.#key(key, undefined));
    this.#end(origin);
  }

  #begin(action: ChangeAction, sequence: number, room: number): void {
    const writer = this.writer;
    writer.reserve(FRAME_BYTES + room);
    if (this.#entryAt === undefined) {
      this.#entryAt = writer.at;
      writer.byte(CHANGES_IN_ENTRY);
    }
    this.#frameAt = writer.at;
    this.#last = sequence;
    writeChangeFrame(writer, action, sequence);
    writeHeader(writer);
  }

  /** Appends the key and returns the row's checksum so far. */
  #key(row: RowWalker, autoIncrement: bigint | undefined): number {
    this.writer.byte(tag.ROW_KEY);
    let crc = 0;
    for (let field = 0; field < row.keyCount; field++) {
      crc = crcTable[crc ^ copyKeyField(this.writer, row, field, autoIncrement)]!;
    }
    return crc;
  }

  /** A cell put or deleted, as it was sent; one put without a version has that of the write. */
  #cell(change: RowWalker, field: number): number {
    if (change.op[field] === 0 && change.timestampAt[field] === ABSENT) return this.#stamp.copy(this.writer, change, field);
    this.writer.copy(change.view, change.start[field]!, change.end[field]!);
    return change.crcOf(field);
  }

  #sum(change: RowWalker, field: number, { sum, version }: Sum): number {
    return writeCell(this.writer, encodeName(nameOf(change, field)), sum, version, 0);
  }

  #endRow(sequence: number, crc: number): void {
    const writer = this.writer;
    writeSequence(writer, { epoch: 0, timestamp: sequence, rowIndex: 0 });
    writer.byte(tag.ROW_CHECKSUM);
    writer.byte(crcTable[crc]!);
  }

  #end(origin: Origin | undefined): void {
    const writer = this.writer;
    const recordAt = this.#frameAt + CHANGE_FRAME_BYTES;
    const end = writer.at;
    if (origin !== undefined) appendOrigin(writer, recordAt + tag.HEADER_LENGTH, origin.row, origin.columns, origin.floor);
    setChangeLengths(writer, this.#frameAt, { record: end - recordAt, origin: writer.at - end });
    if (writer.at - this.#entryAt! >= ENTRY_BYTES_MAX) this.#endEntry();
  }

  #endEntry(): void {
    if (this.#entryAt === undefined) return;
    const writer = this.writer;
    const valueEnd = writer.at;
    writer.reserve(CHANGE_KEY_BYTES);
    writeChangeKey(writer, this.#shard, this.#last);
    const { bytes, at } = writer;
    this.#changes.push({ type: "put", key: bytes.subarray(valueEnd, at), value: bytes.subarray(this.#entryAt, valueEnd) });
    this.#entryAt = undefined;
  }
}
