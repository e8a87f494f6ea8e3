import { headBytesMax } from "./request-head.ts";

/** Ends a head. */
export const BLANK_LINE = Buffer.from("\r\n\r\n");
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** A head that comes in pieces: they are copied together, and each byte is looked at once, however small they are. */
export class PartialHead {
  readonly #bytes = Buffer.allocUnsafeSlow(headBytesMax);
  #length = 0;
  #end = 0;
  #broken = false;

  /** The head with its blank line; empty until that is there. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  get complete(): boolean {
    return this.#end > 0;
  }

  /** There is no room for the rest of it. */
  get full(): boolean {
    return this.#length === headBytesMax && !this.complete;
  }

  /** A line ended without CR: whoever sends that sends no blank line that would be understood either. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Takes what belongs to the head from `bytes`; returns the offset behind that. */
  take(bytes: Buffer, from: number): number {
    const before = this.#length;
    const count = Math.min(bytes.length - from, headBytesMax - before);
    bytes.copy(this.#bytes, before, from, from + count);
    this.#length += count;
    const seen = this.#bytes.subarray(0, this.#length);
    const blank = seen.indexOf(BLANK_LINE, Math.max(0, before + 1 - BLANK_LINE.length));
    if (blank >= 0) {
      this.#end = blank + BLANK_LINE.length;
      return from + this.#end - before;
    }
    for (let at = before; at < seen.length; at++) this.#broken ||= seen[at] === LINE_FEED && seen[at - 1] !== RETURN;
    return from + count;
  }
}
