import { ChunkFraming } from "../wire/chunk-framing.ts";
import type { ResponseRoom } from "../wire/transport.ts";
import type { BodyLength } from "./response-head.ts";

/** Gathers a reply's body from the pieces in which it arrives. Pieces are copied: they lie in memory that is read into again. */
export class ResponseBody {
  readonly #length: BodyLength;
  readonly #bytesMax: number;
  /** Where a body of known length goes. */
  readonly #whole: Uint8Array | undefined;
  readonly #pieces: Buffer[] = [];
  #got = 0;
  readonly #framing: ChunkFraming | undefined;
  #complete: boolean;

  /** @throws Error when the body is said to be longer than `bytesMax` */
  constructor(length: BodyLength, bytesMax: number, room: ResponseRoom | undefined) {
    this.#length = length;
    this.#bytesMax = bytesMax;
    this.#framing = length === "chunked" ? new ChunkFraming() : undefined;
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
    if (this.#framing !== undefined) return this.#takeChunks(this.#framing, bytes, from, to);
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

  #takeChunks(framing: ChunkFraming, bytes: Buffer, from: number, to: number): number {
    const behind = framing.take(bytes, from, to, (start, end) => {
      this.#keep(bytes, start, end);
      return true;
    });
    this.#complete = framing.complete;
    return behind;
  }

  #refuseLonger(length: number): void {
    if (length > this.#bytesMax) throw new Error(`the reply is longer than ${this.#bytesMax} bytes`);
  }
}
