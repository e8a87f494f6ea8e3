import type { ByteWriter } from "../plainbuffer/byte-writer.ts";
import { batchWriteRow, writeType, type BatchWriteRow, type BatchWriteRowResponse } from "./batch-write-row.ts";
import type { Operation } from "./operation.ts";
import { encodedCondition } from "./write-condition.ts";

/** BatchWriteRow of a body that was made by `BatchWriteBody`: the same operation, its request already bytes. */
export const batchWriteBody: Operation<Uint8Array, BatchWriteRowResponse> = {
  ...batchWriteRow,
  encodeRequest: (body) => body,
  decodeRequest: (body) => body,
};

/** Room in front of a row for `12 length 08 01 12 length` with lengths of two bytes: rows of 128 bytes to 16 KB. */
const USUAL_PREFIX = 8;

/** What is done with a row, and what must hold before. Most rows of a batch share one object. */
export type RowKind = Pick<BatchWriteRow, "type" | "condition">;

/**
 * A BatchWriteRow request into one table, whose changes are written straight into the body: the bytes of a row are not touched again
 * between who makes them and the socket. Equal to what `batchWriteRow` encodes, for 0.1 µs a row instead of 0.6.
 */
export class BatchWriteBody {
  /** Where the next change goes, once `begin` was called. */
  readonly writer: ByteWriter;
  rows = 0;
  /** Offsets of each row's change, start and end by turns, in `writer.bytes`. */
  readonly offsets: number[] = [];
  /** Bytes of the changes alone. */
  changeBytes = 0;
  readonly #tableName: Uint8Array;
  /** The kind written last, and as it stands around a row; the next row mostly has the same. */
  #kind: RowKind;
  #type: number;
  #condition: Uint8Array;
  readonly #front: number;
  #rowAt: number;

  /** @param kind of the first row @param writer is written from its beginning; whatever it held is gone */
  constructor(tableName: string, kind: RowKind, writer: ByteWriter) {
    this.#tableName = new TextEncoder().encode(tableName);
    this.#kind = kind;
    this.#type = writeType.number(kind.type);
    this.#condition = encodedCondition(kind.condition);
    this.#front = 12 + this.#tableName.length;
    this.writer = writer;
    writer.at = 0;
    writer.reserve(this.#front);
    this.writer.at = this.#front;
    this.#rowAt = this.#front;
  }

  /** Before a change is written. */
  begin(): void {
    this.writer.reserve(USUAL_PREFIX);
    this.#rowAt = this.writer.at;
    this.writer.at += USUAL_PREFIX;
  }

  /** Takes back what was written since `begin`. */
  rollback(): void {
    this.writer.at = this.#rowAt;
  }

  /** After a change was written: everything since `begin`. @param kind that of the row before, unless it is given */
  commit(kind: RowKind = this.#kind): void {
    if (kind !== this.#kind) {
      this.#kind = kind;
      this.#type = writeType.number(kind.type);
      this.#condition = encodedCondition(kind.condition);
    }
    const condition = this.#condition;
    const { writer } = this;
    const changeAt = this.#rowAt + USUAL_PREFIX;
    const length = writer.at - changeAt;
    const rowLength = 2 + 1 + varintLength(length) + length + condition.length;
    const prefix = 1 + varintLength(rowLength) + 2 + 1 + varintLength(length);
    const start = this.#rowAt + prefix;
    writer.reserve(prefix + condition.length);
    if (prefix !== USUAL_PREFIX) writer.bytes.copyWithin(start, changeAt, writer.at);
    const { bytes } = writer;
    bytes[this.#rowAt] = 0x12;
    let at = putVarint(bytes, this.#rowAt + 1, rowLength);
    bytes[at++] = 0x08;
    bytes[at++] = this.#type;
    bytes[at++] = 0x12;
    putVarint(bytes, at, length);
    // A loop: for so few bytes the runtime's own copy costs more than they do.
    for (let i = 0; i < condition.length; i++) bytes[start + length + i] = condition[i]!;
    writer.at = start + length + condition.length;
    this.offsets.push(start, start + length);
    this.changeBytes += length;
    this.rows++;
  }

  /** The body; it shares the writer's memory, which must not be written to any more. */
  finish(): Uint8Array {
    const { bytes, at: end } = this.writer;
    const nameLength = this.#tableName.length;
    const tableLength = 1 + varintLength(nameLength) + nameLength + end - this.#front;
    const begin = this.#front - (1 + varintLength(tableLength) + 1 + varintLength(nameLength) + nameLength);
    bytes[begin] = 0x0a;
    let at = putVarint(bytes, begin + 1, tableLength);
    bytes[at++] = 0x0a;
    at = putVarint(bytes, at, nameLength);
    bytes.set(this.#tableName, at);
    return bytes.subarray(begin, end);
  }
}

function varintLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

function putVarint(bytes: Uint8Array, at: number, value: number): number {
  for (; value > 0x7f; value >>>= 7) bytes[at++] = (value & 0x7f) | 0x80;
  bytes[at++] = value;
  return at;
}
