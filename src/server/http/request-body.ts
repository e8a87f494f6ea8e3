import { limits } from "../../model/limits.ts";
import { ChunkFraming } from "../../wire/chunk-framing.ts";
import type { BodyMemory } from "./body-memory.ts";

/** One byte over the limit is enough to be refused for. */
const KEPT_BYTES_MAX = limits.requestBodyBytesMax + 1;
/** What is read, kept or not. */
const READ_BYTES_MAX = 8 * limits.requestBodyBytesMax;
/** Memory for a body grows with what has come of it: its announced length is only a claim. */
const FIRST_BYTES = 64 * 1024;
const nothing = Buffer.alloc(0);

/**
 * Gathers a request's body from the pieces in which it arrives. Of one over the limit enough is kept to be refused, and the rest read and dropped, because a client that is
 * still sending does not hear an answer; so is all of it where memory is short.
 */
export class RequestBody {
  readonly #memory: BodyMemory;
  readonly #framing: ChunkFraming | undefined;
  /** Announced; chunks announce nothing. */
  readonly #length: number;
  #bytes: Buffer = nothing;
  #kept = 0;
  #got = 0;
  #dropped: boolean;
  #short = false;

  /** @param kept false: nothing of it is */
  constructor(length: number | "chunked", memory: BodyMemory, kept: boolean) {
    this.#memory = memory;
    this.#framing = length === "chunked" ? new ChunkFraming() : undefined;
    this.#length = length === "chunked" ? Infinity : length;
    this.#dropped = !kept;
  }

  get complete(): boolean {
    return this.#framing === undefined ? this.#got === this.#length : this.#framing.complete;
  }

  /** It goes on beyond all measure, and is not worth reading to its end. */
  get excessive(): boolean {
    return this.#got > READ_BYTES_MAX;
  }

  /** There was no memory for it. */
  get short(): boolean {
    return this.#short;
  }

  /** What is kept of it. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#kept);
  }

  /** Takes what belongs to the body from `bytes[from, to)`; returns the offset behind that. @throws Error for broken framing */
  take(bytes: Buffer, from: number, to: number): number {
    if (this.#framing === undefined) {
      const end = Math.min(to, from + this.#length - this.#got);
      return end - from === this.#length ? this.#keepWhole(bytes, from, end) : this.#keep(bytes, from, end);
    }
    return this.#framing.take(bytes, from, to, (start, end) => {
      this.#keep(bytes, start, end);
      return !this.excessive;
    });
  }

  /** Gives its memory back. */
  release(): void {
    this.#memory.give(this.#bytes.length);
    this.#bytes = nothing;
    this.#kept = 0;
    this.#dropped = true;
  }

  /** What came in one piece is not copied. */
  #keepWhole(bytes: Buffer, from: number, to: number): number {
    this.#got = this.#kept = to - from;
    if (this.#dropped) return to;
    if (this.#memory.take(this.#kept)) this.#bytes = bytes.subarray(from, to);
    else this.#lack();
    return to;
  }

  #keep(bytes: Buffer, from: number, to: number): number {
    this.#got += to - from;
    const count = this.#dropped ? 0 : Math.min(to - from, KEPT_BYTES_MAX - this.#kept);
    if (count > 0 && this.#grow(this.#kept + count)) {
      bytes.copy(this.#bytes, this.#kept, from, from + count);
      this.#kept += count;
    }
    return to;
  }

  #grow(needed: number): boolean {
    const room = this.#bytes.length;
    if (needed <= room) return true;
    const size = Math.min(Math.max(needed, FIRST_BYTES, 2 * room), this.#length, KEPT_BYTES_MAX);
    if (!this.#memory.take(size - room)) {
      this.#lack();
      return false;
    }
    const grown = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(grown, 0, 0, this.#kept);
    this.#bytes = grown;
    return true;
  }

  #lack(): void {
    this.release();
    this.#short = true;
  }
}
