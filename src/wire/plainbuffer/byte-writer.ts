import { crc8View } from "./crc8.ts";

/** Room behind every reservation, so that eight bytes can be stored where fewer are needed. */
const SLACK = 8;
/** From here on the runtime's own copy is cheaper than a loop of eight-byte stores. */
const LONG = 256;

/**
 * One growable buffer that everything is written into, without intermediates. `reserve` first, then write: the single
 * writes do not look. Growing replaces `bytes`: subarrays taken before keep the old buffer and their content.
 */
export class ByteWriter {
  bytes: Buffer<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  /** Where the next byte goes; set it back to take bytes back. */
  at = 0;

  /** `memory`: of at least so many bytes, not cleared; its own unless told otherwise. */
  constructor(capacity = 4096, memory = ownMemory) {
    this.bytes = memory(capacity + SLACK);
    this.view = viewOf(this.bytes);
  }

  /** Makes room for `length` more bytes. */
  reserve(length: number): void {
    const needed = this.at + length + SLACK;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
    this.view = viewOf(larger);
  }

  byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  int32(value: number): void {
    this.view.setInt32(this.at, value, true);
    this.at += 4;
  }

  /** A 64-bit integer given as a safe integer. */
  int64(value: number): void {
    this.view.setInt32(this.at, value, true);
    this.view.setInt32(this.at + 4, Math.floor(value / 0x1_0000_0000), true);
    this.at += 8;
  }

  /** Appends `view[from, to)`. Reserve first. `readable`: bytes of the view, for callers that know them cheaper than it says itself. */
  copy(view: DataView, from: number, to: number, readable = view.byteLength): void {
    const length = to - from;
    const target = this.at;
    this.at = target + length;
    if (length > LONG) {
      this.bytes.set(new Uint8Array(view.buffer, view.byteOffset + from, length), target);
    } else if (from + ((length + 7) & ~7) <= readable) {
      for (let done = 0; done < length; done += 8) this.view.setBigInt64(target + done, view.getBigInt64(from + done));
    } else {
      for (let done = 0; done < length; done++) this.bytes[target + done] = view.getUint8(from + done);
    }
  }

  /** Reserves and appends bytes. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Goes on with `crc` over what was written since `from`. */
  crc(crc: number, from: number): number {
    return crc8View(crc, this.view, from, this.at);
  }

  /** A copy of what was written from `from` on. */
  take(from = 0): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes.subarray(from, this.at));
  }

  reset(): void {
    this.at = 0;
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(buffer, byteOffset, length);
}

function ownMemory(length: number): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(length);
}
