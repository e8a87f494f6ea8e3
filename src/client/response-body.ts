import type { ResponseRoom } from "../wire/transport.ts";
import type { BodyLength } from "./response-head.ts";

/** A line of framing between chunks is short; what goes on for longer is no framing. */
const FRAMING_BYTES_MAX = 4096;
const LINE_FEED = 0x0a;

/** Gathers a reply's body from the pieces in which it arrives. Pieces are copied: they lie in memory that is read into again. */
export class ResponseBody {
  readonly #length: BodyLength;
  readonly #bytesMax: number;
  /** Where a body of known length goes. */
  readonly #whole: Uint8Array | undefined;
  readonly #pieces: Buffer[] = [];
  #got = 0;
  /** Of a chunked body: bytes of the present chunk still to come, or −1 within a line of framing. */
  #chunkLeft = -1;
  #line = "";
  /** Behind the last chunk: lines up to an empty one. */
  #trailers = false;
  #complete: boolean;

  /** @throws Error when the body is said to be longer than `bytesMax` */
  constructor(length: BodyLength, bytesMax: number, room: ResponseRoom | undefined) {
    this.#length = length;
    this.#bytesMax = bytesMax;
    if (typeof length === "number") {
      this.#refuseLonger(length);
      this.#whole = length === 0 || room === undefined ? Buffer.allocUnsafeSlow(length) : room(length);
    }
    this.#complete = length === 0;
  }

  /** All of it is here; of a body that goes on until the end, never before `end`. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Takes what belongs to the body from `bytes[from, to)`; returns the offset behind that. @throws Error for a broken or too long body */
  take(bytes: Buffer, from: number, to: number): number {
    if (this.#length === "chunked") return this.#takeChunks(bytes, from, to);
    if (this.#whole === undefined) return this.#keep(bytes, from, to);
    const end = Math.min(to, from + this.#whole.length - this.#got);
    this.#whole.set(bytes.subarray(from, end), this.#got);
    this.#got += end - from;
    this.#complete = this.#got === this.#whole.length;
    return end;
  }

  /** The connection ended. */
  end(): void {
    if (this.#length === "until-end") this.#complete = true;
  }

  /** The body, when it is complete. */
  bytes(): Uint8Array {
    return this.#whole ?? Buffer.concat(this.#pieces, this.#got);
  }

  #keep(bytes: Buffer, from: number, to: number): number {
    this.#refuseLonger(this.#got + to - from);
    this.#pieces.push(Buffer.from(bytes.subarray(from, to)));
    this.#got += to - from;
    return to;
  }

  #takeChunks(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && !this.#complete) {
      if (this.#chunkLeft > 0) {
        const end = this.#keep(bytes, at, Math.min(to, at + this.#chunkLeft));
        this.#chunkLeft -= end - at;
        at = end;
        continue;
      }
      const feed = bytes.indexOf(LINE_FEED, at);
      const end = feed < 0 || feed >= to ? to : feed + 1;
      this.#line += bytes.toString("latin1", at, end);
      if (this.#line.length > FRAMING_BYTES_MAX) throw new Error("the answer's chunks are broken");
      at = end;
      if (this.#line.endsWith("\n")) this.#frame();
    }
    return at;
  }

  /** A whole line: the end of a chunk, the size of the next one, or a trailer. */
  #frame(): void {
    const line = this.#line.trim();
    this.#line = "";
    if (this.#trailers) {
      this.#complete = line === "";
    } else if (this.#chunkLeft === 0) {
      if (line !== "") throw new Error("the answer's chunks are broken");
      this.#chunkLeft = -1;
    } else {
      const size = /^([0-9a-f]{1,8})(?:[ ;]|$)/i.exec(line);
      if (size === null) throw new Error("the answer's chunks are broken");
      this.#chunkLeft = Number.parseInt(size[1]!, 16);
      this.#trailers = this.#chunkLeft === 0;
    }
  }

  #refuseLonger(length: number): void {
    if (length > this.#bytesMax) throw new Error(`the reply is longer than ${this.#bytesMax} bytes`);
  }
}
