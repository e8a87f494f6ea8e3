import { assert } from "../base/assert.ts";
import type { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";
import { table as crcTable } from "../wire/plainbuffer/crc8.ts";
import { writeCell, writeHeader, writeSequence } from "../wire/plainbuffer/encode.ts";
import { encodeName } from "../wire/plainbuffer/names.ts";
import * as tag from "../wire/plainbuffer/tag.ts";
import { ABSENT, type RowWalker } from "../wire/plainbuffer/walk.ts";
import { changesByName, type Sum } from "./compose-update.ts";
import { keySpace } from "./key-space.ts";
import type { StoreChange } from "./ordered-store.ts";
import { appendOrigin } from "./origin-record.ts";
import { ROW_HEADER_BYTES } from "./row-header.ts";
import { copyKeyField, nameOf } from "./stored-row-writer.ts";
import type { ChangeRecord } from "./stream.ts";
import { VERSION_PART_BYTES, VersionStamp } from "./version-stamp.ts";

/**
 * A change is kept under `20 stream shard sequence` (4, 4 and 8 bytes big-endian) as it is sent:
 *
 * | offset | bytes | what |
 * | --- | --- | --- |
 * | 0 | 1 | 1 put, 2 update, 3 delete |
 * | 1 | 4 | length of the record, little-endian |
 * | 5 | | the record: one PlainBuffer row with header and sequence extension (reference 6.3) |
 * | | | to the end: the origin record, in a stream with origin columns: a PlainBuffer row with header |
 */
const KEY_BYTES = 17;
const RECORD_AT = 5;
const EXTENSION_BYTES = 29;
const ROW_CHECKSUM_BYTES = 2;
/** Key, offsets, tags, extension, checksum, and a key column that the server fills in. */
const FRAME_BYTES = KEY_BYTES + RECORD_AT + EXTENSION_BYTES + 48;

const actions = { put: 1, update: 2, delete: 3 } as const;
const actionNames = [undefined, "put", "update", "delete"] as const;

/** Where a change goes. */
export interface ChangePlace {
  readonly stream: number;
  readonly shard: number;
  /** Microseconds. */
  readonly sequence: number;
}

/** What a stream's origin columns were before a change. */
export interface Origin {
  readonly columns: ReadonlySet<string>;
  /** Cells of an older version have expired. */
  readonly floor: number;
  /** The row as stored; undefined where there was none. */
  readonly row: Uint8Array | undefined;
}

/**
 * Writes the changes of one batch as they are kept and sent: rows are copied as they are stored, fields of updates as they were sent, checksums
 * carried on; nothing is decoded. The bytes stay valid until their `writer` is reset.
 */
export class ChangeWriter {
  readonly changes: StoreChange[] = [];
  readonly writer: ByteWriter;
  #stamp: VersionStamp;
  #start = 0;

  /** `now`: milliseconds, the version of cells that come without one. Written into `writer`, behind what stands there. */
  constructor(now: number, writer: ByteWriter) {
    this.writer = writer;
    this.#stamp = VersionStamp.of(now);
  }

  setTime(now: number): void {
    this.#stamp = VersionStamp.of(now);
  }

  /** The row was replaced by this stored one. */
  put(place: ChangePlace, row: Buffer, origin: Origin | undefined): void {
    const writer = this.writer;
    this.#begin("put", place, row.length);
    const end = row.length - ROW_CHECKSUM_BYTES;
    writer.at += row.copy(writer.bytes, writer.at, ROW_HEADER_BYTES, end);
    writeSequence(writer, { epoch: 0, timestamp: place.sequence, rowIndex: 0 });
    writer.byte(tag.ROW_CHECKSUM);
    writer.byte(row[end + 1]!);
    this.#end(place, origin);
  }

  /**
   * The row was changed as the walker's UpdateRow says; `sums` are what its increments came to, in the order of `changesByName`. That an increment
   * stands in a record as its result is unverified; applying that twice does no harm.
   */
  update(place: ChangePlace, change: RowWalker, autoIncrement: bigint | undefined, sums: readonly Sum[] = [], origin?: Origin): void {
    const writer = this.writer;
    this.#begin("update", place, change.rowEnd - change.rowStart + change.count * VERSION_PART_BYTES);
    let crc = this.#key(change, autoIncrement);
    writer.byte(tag.ROW_CELLS);
    let sum = 0;
    for (const field of changesByName(change)) {
      const cell = change.op[field] === tag.OP_INCREMENT ? this.#sum(change, field, sums[sum++]!) : this.#cell(change, field);
      crc = crcTable[crc ^ cell]!;
    }
    this.#endRow(place, crc);
    this.#end(place, origin);
  }

  /** The row was removed; the record is its key, without a delete marker. */
  delete(place: ChangePlace, key: RowWalker, origin: Origin | undefined): void {
    this.#begin("delete", place, key.rowEnd - key.rowStart);
    this.#endRow(place, this.#key(key, undefined));
    this.#end(place, origin);
  }

  #begin(action: keyof typeof actions, { stream, shard, sequence }: ChangePlace, room: number): void {
    const writer = this.writer;
    writer.reserve(FRAME_BYTES + room);
    const { view, at } = writer;
    this.#start = at;
    writer.bytes[at] = keySpace.change;
    view.setUint32(at + 1, stream);
    view.setUint32(at + 5, shard);
    writeSequenceKey(view, at + 9, sequence);
    writer.bytes[at + KEY_BYTES] = actions[action];
    writer.at = at + KEY_BYTES + RECORD_AT;
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

  #endRow({ sequence }: ChangePlace, crc: number): void {
    const writer = this.writer;
    writeSequence(writer, { epoch: 0, timestamp: sequence, rowIndex: 0 });
    writer.byte(tag.ROW_CHECKSUM);
    writer.byte(crcTable[crc]!);
  }

  #end(place: ChangePlace, origin: Origin | undefined): void {
    const writer = this.writer;
    const valueAt = this.#start + KEY_BYTES;
    writer.view.setUint32(valueAt + 1, writer.at - valueAt - RECORD_AT, true);
    if (origin !== undefined) appendOrigin(writer, valueAt + RECORD_AT + tag.HEADER_LENGTH, origin.row, origin.columns, origin.floor);
    const { bytes, at } = writer;
    this.changes.push({ type: "put", key: bytes.subarray(this.#start, valueAt), value: bytes.subarray(valueAt, at) });
  }
}

/** The key of a change, or the place before it. */
export function changeKey(stream: number, shard: number, sequence: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  key[0] = keySpace.change;
  key.writeUInt32BE(stream, 1);
  key.writeUInt32BE(shard, 5);
  writeSequenceKey(new DataView(key.buffer, key.byteOffset, key.length), 9, sequence);
  return key;
}

export function sequenceOf(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  return view.getUint32(9) * 0x1_0000_0000 + view.getUint32(13);
}

/** What is kept under a key, as it is handed out. */
export function changeRecordOf(key: Uint8Array, value: Uint8Array): ChangeRecord {
  const action = actionNames[value[0]!];
  assert(action !== undefined, "a change that is put, update or delete");
  const end = RECORD_AT + new DataView(value.buffer, value.byteOffset, value.length).getUint32(1, true);
  const record = { action, sequence: sequenceOf(key), record: value.subarray(RECORD_AT, end) };
  return end === value.length ? record : { ...record, originRecord: value.subarray(end) };
}

function writeSequenceKey(view: DataView, at: number, sequence: number): void {
  view.setUint32(at, Math.floor(sequence / 0x1_0000_0000));
  view.setUint32(at + 4, sequence);
}
