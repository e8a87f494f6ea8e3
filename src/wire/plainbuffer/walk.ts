import { corrupt } from "../corrupt.ts";
import { crc8View, table } from "./crc8.ts";
import { RowShapes } from "./row-shape.ts";
import * as tag from "./tag.ts";

/**
 * How much is checked: nothing (the message has a checksum of its own that was), the checksum of each row and of each
 * cell whose value is used, or those of all cells too.
 */
export type Verification = "none" | "row" | "cells";

/** What orders stream records: compare epoch, timestamp (µs), row index (reference 6.3). */
export interface Sequence {
  readonly epoch: number;
  readonly timestamp: number;
  readonly rowIndex: number;
}

/** Offset of a part that is not there. */
export const ABSENT = -1;

/**
 * Walks encoded rows without decoding them: where names, values and timestamps lie, not what they are. One walker
 * serves any number of buffers; its arrays describe the current row, key columns first, and are valid until `next`.
 *
 * Every length is checked against what is left before it is used; anything that is not a row throws TF_WIRE_CORRUPT
 * with the offset. Zero bytes behind a complete row are padding and end the walk (reference 3.4).
 */
export class RowWalker {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  /** The current row, from its first tag to behind its checksum. */
  rowStart = 0;
  rowEnd = 0;
  /** The first `keyCount` of the `count` fields are key columns, the others cells. */
  keyCount = 0;
  count = 0;
  /** True: the row carries a delete marker. */
  deleted = false;

  /** Offset of the field's first tag, and that behind its checksum (which is the last byte). */
  start = new Int32Array(64);
  end = new Int32Array(64);
  nameAt = new Int32Array(64);
  nameEnd = new Int32Array(64);
  /** Offset of the type byte, behind which the payload lies up to `valueEnd`; ABSENT where there is no value. */
  valueAt = new Int32Array(64);
  valueEnd = new Int32Array(64);
  /** Offset of the eight bytes; ABSENT where there is none. */
  timestampAt = new Int32Array(64);
  /** 0 where there is none. */
  op = new Uint8Array(64);

  #at = 0;
  #end = 0;
  #extensionAt = ABSENT;
  #first = true;
  /** Made for who asks: it holds arrays. */
  #shapes: RowShapes | undefined;
  /** Of the current row; 0 until somebody asks. */
  #shape = 0;
  readonly verification: Verification;

  constructor(verification: Verification = "cells") {
    this.verification = verification;
  }

  /** Stands before the first row of `bytes[from, to)`, which begin with the header; no bytes at all are no rows. */
  open(bytes: Uint8Array, from = 0, to = bytes.length): this {
    this.openRows(bytes, from, to);
    if (to <= from) return this;
    if (to - from < tag.HEADER_LENGTH) corrupt("the header is cut off", to, "row");
    if (this.view.getInt32(from, true) !== tag.HEADER) corrupt("the header is not 75 00 00 00", from, "row");
    this.#at = from + tag.HEADER_LENGTH;
    return this;
  }

  /** Stands before the first row of `bytes[from, to)`, which have no header: the form in which rows are stored. */
  openRows(bytes: Uint8Array, from: number, to: number): this {
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#at = from;
    this.#end = Math.min(to, bytes.length);
    this.#first = true;
    return this;
  }

  /** Goes to the next row; false at the end. */
  next(): boolean {
    const { bytes } = this;
    let at = this.#at;
    if (at >= this.#end) return false;
    if (bytes[at] !== tag.ROW_KEY) return this.#padding(at);
    this.#first = false;
    this.rowStart = at;
    this.#shape = 0;
    this.count = 0;
    at = this.#fields(at + 1);
    this.keyCount = this.count;
    if (bytes[at] === tag.ROW_CELLS && at < this.#end) at = this.#fields(at + 1);
    this.deleted = bytes[at] === tag.DELETE_MARKER && at < this.#end;
    if (this.deleted) at++;
    this.#extensionAt = ABSENT;
    if (bytes[at] === tag.EXTENSION && at < this.#end) {
      this.#extensionAt = at;
      at = this.#block(at, this.#end);
    }
    if (at + 2 > this.#end) corrupt("the row is cut off", this.#end, "row");
    if (bytes[at] !== tag.ROW_CHECKSUM) corrupt("the row does not end with its checksum", at, "row");
    if (this.verification !== "none") this.#checkRow(bytes[at + 1]!, at + 1);
    this.rowEnd = this.#at = at + 2;
    return true;
  }

  /** The checksum that stands behind a field. */
  crcOf(field: number): number {
    return this.bytes[this.end[field]! - 1]!;
  }

  typeOf(field: number): number {
    return this.bytes[this.valueAt[field]!]!;
  }

  /** Of the current row's names, see `RowShapes.of`. */
  shape(): number {
    if (this.#shape === 0) this.#shape = (this.#shapes ??= new RowShapes()).of(this);
    return this.#shape;
  }

  /** Milliseconds, rounded above 2^53; meaningless without a timestamp. */
  timestampOf(field: number): number {
    const at = this.timestampAt[field]!;
    return this.view.getInt32(at + 4, true) * 0x1_0000_0000 + this.view.getUint32(at, true);
  }

  /** Checks one field against its checksum, for walkers that do not check all of them. */
  checkField(field: number): void {
    this.#checkBehindName(field, crc8View(0, this.view, this.nameAt[field]!, this.nameEnd[field]!));
  }

  /** Checks a field whose name has the checksum `crc`. */
  #checkBehindName(field: number, crc: number): void {
    const { view } = this;
    const valueAt = this.valueAt[field]!;
    if (valueAt !== ABSENT) crc = crc8View(crc, view, valueAt, this.valueEnd[field]!);
    const timestampAt = this.timestampAt[field]!;
    if (timestampAt !== ABSENT) crc = crc8View(crc, view, timestampAt, timestampAt + 8);
    const op = this.op[field]!;
    if (op !== 0) crc = table[crc ^ op]!;
    if (crc !== this.crcOf(field)) corrupt("a cell's checksum does not match", this.end[field]! - 1, "checksum");
  }

  /** When the current row was committed, microseconds since 1970; undefined where it carries no whole stream position. */
  committedAt(): number | undefined {
    const at = this.#extensionAt;
    // As it is always written (reference 6.3); anything else is looked at part by part.
    if (at !== ABSENT && this.rowEnd - at === tag.SEQUENCE_EXTENSION_LENGTH + 2) {
      const { bytes, view } = this;
      const usual = bytes[at + 5] === tag.SEQUENCE && bytes[at + 10] === tag.SEQUENCE_EPOCH && view.getUint32(at + 6, true) === 19;
      if (usual && bytes[at + 15] === tag.SEQUENCE_TIMESTAMP && bytes[at + 24] === tag.SEQUENCE_ROW_INDEX)
        return view.getInt32(at + 20, true) * 0x1_0000_0000 + view.getUint32(at + 16, true);
    }
    return this.sequence()?.timestamp;
  }

  /** The stream position of the current row; undefined where it carries none. */
  sequence(): Sequence | undefined {
    const found: { epoch?: number; timestamp?: number; rowIndex?: number } = {};
    if (this.#extensionAt === ABSENT) return undefined;
    const end = this.#block(this.#extensionAt, this.#end);
    for (let at = this.#extensionAt + 5; at < end; at = this.#block(at, end)) {
      if (this.bytes[at] === tag.SEQUENCE) this.#sequenceParts(at + 5, this.#block(at, end), found);
    }
    const { epoch, timestamp, rowIndex } = found;
    if (epoch === undefined || timestamp === undefined || rowIndex === undefined) return undefined;
    return { epoch, timestamp, rowIndex };
  }

  #sequenceParts(at: number, end: number, found: { epoch?: number; timestamp?: number; rowIndex?: number }): void {
    const { view, bytes } = this;
    while (at < end) {
      const part = bytes[at];
      const length = part === tag.SEQUENCE_TIMESTAMP ? 8 : 4;
      if (at + 1 + length > end) corrupt("the sequence is cut off", at, "row");
      if (part === tag.SEQUENCE_EPOCH) found.epoch = view.getInt32(at + 1, true);
      else if (part === tag.SEQUENCE_TIMESTAMP) found.timestamp = Number(view.getBigInt64(at + 1, true));
      else if (part === tag.SEQUENCE_ROW_INDEX) found.rowIndex = view.getInt32(at + 1, true);
      else corrupt("an unknown part of the sequence", at, "row");
      at += 1 + length;
    }
  }

  /** Behind a tag, its length and as many bytes, all of which lie before `limit`. */
  #block(at: number, limit: number): number {
    if (at + 5 > limit) corrupt("a length is cut off", limit, "row");
    const length = this.view.getUint32(at + 1, true);
    if (length > limit - at - 5) corrupt("a length goes beyond the end", at + 1, "row");
    return at + 5 + length;
  }

  #padding(from: number): boolean {
    for (let at = from; at < this.#end; at++) {
      if (this.#first || this.bytes[at] !== 0) corrupt("a row does not begin with 01", at, "row");
    }
    this.#at = this.#end;
    return false;
  }

  /** Once somebody knows rows by their names, these need not be added up again. */
  #checkFields(): void {
    if (this.#shapes === undefined) {
      for (let field = 0; field < this.count; field++) this.checkField(field);
      return;
    }
    this.shape();
    const { crcs } = this.#shapes;
    for (let field = 0; field < this.count; field++) this.#checkBehindName(field, crcs[field]!);
  }

  #checkRow(expected: number, at: number): void {
    if (this.verification === "cells") this.#checkFields();
    let crc = 0;
    for (let field = 0; field < this.count; field++) {
      crc = table[crc ^ this.bytes[this.end[field]! - 1]!]!;
    }
    crc = table[crc ^ (this.deleted ? 1 : 0)]!;
    if (crc !== expected) corrupt("a row's checksum does not match", at, "checksum");
  }

  /** Reads fields up to the first byte that does not begin one. The arrays are held in locals: a third of the time else. */
  #fields(from: number): number {
    const { bytes, view, start, end, nameAt, nameEnd, valueAt, valueEnd, timestampAt, op } = this;
    const limit = this.#end;
    const capacity = start.length;
    let field = this.count;
    let at = from;
    while (at < limit && bytes[at] === tag.CELL) {
      if (field === capacity) {
        this.#grow();
        this.count = field;
        return this.#fields(at);
      }
      start[field] = at;
      if (at + 6 > limit) corrupt("a cell is cut off", limit, "row");
      if (bytes[at + 1] !== tag.CELL_NAME) corrupt("a cell does not begin with its name", at + 1, "row");
      const nameLength = view.getUint32(at + 2, true);
      if (nameLength > limit - at - 6) corrupt("a name goes beyond the end", at + 2, "row");
      at += 6;
      nameAt[field] = at;
      at += nameLength;
      nameEnd[field] = at;
      let valueFrom = ABSENT;
      let valueTo = ABSENT;
      if (bytes[at] === tag.CELL_VALUE && at < limit) {
        valueFrom = at + 5;
        at = valueTo = this.#valueEnd(at);
      }
      valueAt[field] = valueFrom;
      valueEnd[field] = valueTo;
      let operation = 0;
      if (bytes[at] === tag.CELL_OP && at + 1 < limit) {
        operation = bytes[at + 1]!;
        at += 2;
      }
      op[field] = operation;
      let time = ABSENT;
      if (bytes[at] === tag.CELL_TIMESTAMP && at + 9 <= limit) {
        time = at + 1;
        at += 9;
      }
      timestampAt[field] = time;
      if (at + 2 > limit) corrupt("a cell is cut off", limit, "row");
      if (bytes[at] !== tag.CELL_CHECKSUM) corrupt("a cell does not end with its checksum", at, "row");
      at += 2;
      end[field] = at;
      field++;
    }
    this.count = field;
    return at;
  }

  /** Checks the lengths of the value whose tag stands at `at`, and returns where it ends. */
  #valueEnd(at: number): number {
    const limit = this.#end;
    const { view } = this;
    const valueAt = at + 5;
    if (valueAt >= limit) corrupt("a value is cut off", limit, "row");
    const length = view.getUint32(at + 1, true);
    if (length > limit - valueAt) corrupt("a value goes beyond the end", at + 1, "row");
    const fixed = tag.fixedValueLength[this.bytes[valueAt]!]!;
    if (fixed < 0) corrupt("an unknown value type", valueAt, "row");
    if (fixed > 0 && length !== fixed) corrupt("a value's length does not fit its type", at + 1, "row");
    if (fixed === 0 && (length < 5 || view.getUint32(valueAt + 1, true) !== length - 5)) {
      corrupt("the two lengths of a value differ", at + 1, "row");
    }
    return valueAt + length;
  }

  #grow(): void {
    const wider = (old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const array = new Int32Array(old.length * 2);
      array.set(old);
      return array;
    };
    this.start = wider(this.start);
    this.end = wider(this.end);
    this.nameAt = wider(this.nameAt);
    this.nameEnd = wider(this.nameEnd);
    this.valueAt = wider(this.valueAt);
    this.valueEnd = wider(this.valueEnd);
    this.timestampAt = wider(this.timestampAt);
    const op = new Uint8Array(this.op.length * 2);
    op.set(this.op);
    this.op = op;
  }
}
