import { isUtf8 } from "node:buffer";
import { TableferryError } from "../../base/error.ts";
import { corrupt } from "../corrupt.ts";
import type { ByteWriter } from "./byte-writer.ts";

const REPLACEMENT = "\uFFFD";
/** Up to here a loop over characters is cheaper than a call into the runtime (measured: 4 read, 8 written). */
const SHORT_READ = 4;
const SHORT_WRITE = 8;

/** The string in `bytes[from, to)`, refusing what is not UTF-8: replacing it would change data silently. */
export function decodeText(bytes: Uint8Array, from: number, to: number): string {
  if (to - from <= SHORT_READ) {
    let text = "";
    let at = from;
    for (; at < to; at++) {
      const byte = bytes[at]!;
      if (byte > 0x7f) break;
      text += String.fromCharCode(byte);
    }
    if (at === to) return text;
  }
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8", from, to);
  if (text.includes(REPLACEMENT) && !isUtf8(buffer.subarray(from, to))) corrupt("text that is not UTF-8", from, "value");
  return text;
}

/** UTF-8 bytes of a string. @throws TF_VALUE_INVALID for half a surrogate pair, which UTF-8 cannot say. */
export function encodeText(text: string): Uint8Array {
  checkText(text);
  return Buffer.from(text);
}

/** Appends the UTF-8 bytes of a string and returns their number. Reserve three bytes a character first. */
export function writeText(writer: ByteWriter, text: string): number {
  const { bytes, at } = writer;
  const { length } = text;
  if (length <= SHORT_WRITE) {
    let done = 0;
    for (; done < length; done++) {
      const code = text.charCodeAt(done);
      if (code > 0x7f) break;
      bytes[at + done] = code;
    }
    if (done === length) {
      writer.at = at + length;
      return length;
    }
  }
  const written = bytes.write(text, at);
  if (written !== length) checkText(text);
  writer.at = at + written;
  return written;
}

function checkText(text: string): void {
  if (text.isWellFormed()) return;
  throw new TableferryError("TF_VALUE_INVALID", { message: "a string has half a surrogate pair, which UTF-8 cannot express" });
}
