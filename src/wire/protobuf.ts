import { corrupt } from "./corrupt.ts";
import { decodeText } from "./plainbuffer/text.ts";

/**
 * Protobuf for the messages of the hot path, by hand: reflection costs several microseconds a nested message, and a batch of
 * 200 rows has a thousand of them. Reader and writer know bytes; the operation files know messages.
 */
const encoder = new TextEncoder();

/** One growable buffer; nested messages are written in place and their length put in front. */
export class ProtobufWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** What was written; the writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #reserve(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  #varint(value: number): void {
    this.#reserve(10);
    while (value > 0x7f) {
      this.#bytes[this.#at++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[this.#at++] = value;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  /** int32, int64, enum: a safe integer; negative ones take ten bytes. */
  integer(field: number, value: number | undefined): void {
    if (value === undefined) return;
    if (value < 0) return this.long(field, BigInt(value));
    this.#tag(field, 0);
    this.#varint(value);
  }

  /** int64 of all 64 bits. */
  long(field: number, value: bigint): void {
    this.#tag(field, 0);
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(rest);
  }

  /** sint64 within 53 bits. */
  zigzag(field: number, value: number): void {
    this.#tag(field, 0);
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  boolean(field: number, value: boolean | undefined): void {
    if (value === undefined) return;
    this.#tag(field, 0);
    this.#varint(value ? 1 : 0);
  }

  bytes(field: number, value: Uint8Array | undefined): void {
    if (value === undefined) return;
    this.#tag(field, 2);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** Begins a nested message whose exact length is known; its fields must follow and take just as many bytes. */
  begin(field: number, length: number): void {
    this.#tag(field, 2);
    this.#varint(length);
    this.#reserve(length);
  }

  /** Fields that are encoded already. */
  encoded(fields: Uint8Array): void {
    this.#reserve(fields.length);
    this.#bytes.set(fields, this.#at);
    this.#at += fields.length;
  }

  /** Where the next field goes, as long as the message it stands in is not ended. */
  get at(): number {
    return this.#at;
  }

  /** Writes once more the few bytes that stand in `[from, to)`. */
  repeat(from: number, to: number): void {
    this.#reserve(to - from);
    for (let at = from; at < to; at++) this.#bytes[this.#at++] = this.#bytes[at]!;
  }

  string(field: number, value: string | undefined): void {
    if (value === undefined) return;
    this.bytes(field, encoder.encode(value));
  }

  strings(field: number, values: readonly string[]): void {
    for (const value of values) this.string(field, value);
  }

  /** A nested message; `write` is called at once. */
  message(field: number, write: () => void): void {
    this.#tag(field, 2);
    this.#reserve(1);
    const lengthAt = this.#at++;
    write();
    const length = this.#at - lengthAt - 1;
    if (length < 0x80) {
      this.#bytes[lengthAt] = length;
      return;
    }
    let extra = 0;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) extra++;
    this.#reserve(extra);
    this.#bytes.copyWithin(lengthAt + 1 + extra, lengthAt + 1, this.#at);
    const end = this.#at + extra;
    this.#at = lengthAt;
    this.#varint(length);
    this.#at = end;
  }
}

/** Bytes that a number takes as a varint. */
export function varintLength(value: number): number {
  let length = 1;
  for (; value > 0x7f; value = Math.floor(value / 0x80)) length++;
  return length;
}

/** Reads the fields of one message in `bytes[at, end)`; `next` advances and answers false at the end. */
export class ProtobufReader {
  readonly bytes: Uint8Array;
  #at: number;
  #end: number;
  /** Number and wire type of the current field. */
  field = 0;
  #wireType = 0;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  /** Moves to the next field, which must then be read or skipped. @throws TF_WIRE_CORRUPT */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.#wireType = tag & 7;
    if (this.field === 0) corrupt("a field numbered 0", this.#at, "message");
    return true;
  }

  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= this.#end) corrupt("a number is cut off", this.#at, "message");
      const byte = this.bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    return corrupt("a number of more than ten bytes", this.#at, "message");
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType)
      corrupt(`field ${this.field} has wire type ${this.#wireType} instead of ${wireType}`, this.#at, "message");
  }

  /** int32, int64, enum; as a number, exact within 53 bits. */
  integer(): number {
    this.#expect(0);
    const start = this.#at;
    const value = this.#varint();
    return value <= Number.MAX_SAFE_INTEGER ? value : Number(this.#exact(start));
  }

  /** int64 of all 64 bits. */
  long(): bigint {
    this.#expect(0);
    const start = this.#at;
    const value = this.#varint();
    return value <= Number.MAX_SAFE_INTEGER ? BigInt(value) : this.#exact(start);
  }

  /** The varint between `start` and here, as two's complement. */
  #exact(start: number): bigint {
    let value = 0n;
    for (let at = start, shift = 0n; at < this.#at; at++, shift += 7n) value |= BigInt(this.bytes[at]! & 0x7f) << shift;
    return BigInt.asIntN(64, value);
  }

  zigzag(): number {
    const value = this.integer();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  boolean(): boolean {
    return this.integer() !== 0;
  }

  /** A view into the message; no copy. */
  view(): Uint8Array {
    const start = this.block();
    return this.bytes.subarray(start, this.#at);
  }

  /** Behind what has been read so far. */
  get at(): number {
    return this.#at;
  }

  string(): string {
    const start = this.block();
    return decodeText(this.bytes, start, this.#at);
  }

  /** Passes over the bytes of a field with a length and says where they began; they end `at` here. */
  block(): number {
    this.#expect(2);
    const length = this.#varint();
    if (length > this.#end - this.#at) corrupt(`field ${this.field} is longer than the message`, this.#at, "message");
    const start = this.#at;
    this.#at += length;
    return start;
  }

  /** Calls `read` with this reader, which sees the nested message only until it returns: a batch has too many of them to make a reader for each. */
  message<Result>(read: (reader: ProtobufReader) => Result): Result {
    const start = this.block();
    const [end, outerEnd] = [this.#at, this.#end];
    this.#at = start;
    this.#end = end;
    const result = read(this);
    this.#at = end;
    this.#end = outerEnd;
    return result;
  }

  /** Passes over a field of no interest. */
  skip(): void {
    if (this.#wireType === 0) this.#varint();
    else if (this.#wireType === 1) this.#at += 8;
    else if (this.#wireType === 2) this.block();
    else if (this.#wireType === 5) this.#at += 4;
    else corrupt(`field ${this.field} has the unknown wire type ${this.#wireType}`, this.#at, "message");
    if (this.#at > this.#end) corrupt(`field ${this.field} is cut off`, this.#end, "message");
  }
}

/** A required field that is missing (proto2). */
export function required<Value>(value: Value | undefined, name: string): Value {
  return value === undefined ? corrupt(`the required field ${name} is missing`, 0, "message") : value;
}

/** Names of an enum by their numbers, both ways. Unknown numbers are corrupt. */
export function enumeration<Name extends string>(title: string, numbers: { readonly [N in Name]: number }) {
  const names = new Map<number, Name>();
  for (const name in numbers) names.set(numbers[name], name);
  return {
    number: (name: Name): number => numbers[name],
    name: (number: number): Name => names.get(number) ?? corrupt(`${number} is no ${title}`, 0, "message"),
  };
}
