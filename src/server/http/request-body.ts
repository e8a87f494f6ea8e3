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
  #room: Buffer<ArrayBuffer> = nothing;
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
    return this.#room.subarray(0, this.#kept);
  }

  /** Takes a copy of what belongs to the body from `bytes[from, to)`; returns the offset behind that. @throws Error for broken framing */
  take(bytes: Buffer, from: number, to: number): number {
    if (this.#framing === undefined) {
      return this.#keep(bytes, from, Math.min(to, from + this.#length - this.#got));
    }
    return this.#framing.take(bytes, from, to, (start, end) => {
      this.#keep(bytes, start, end);
      return !this.excessive;
    });
  }

  /** Gives its memory back. `reusable`: whoever was handed its bytes does not look at them any more. */
  release(reusable: boolean): void {
    this.#memory.leave(this.#room, reusable);
    this.#room = nothing;
    this.#kept = 0;
    this.#dropped = true;
  }

  #keep(bytes: Buffer, from: number, to: number): number {
    this.#got += to - from;
    const count = this.#dropped ? 0 : Math.min(to - from, KEPT_BYTES_MAX - this.#kept);
    if (count > 0 && this.#grow(this.#kept + count)) {
      bytes.copy(this.#room, this.#kept, from, from + count);
      this.#kept += count;
    }
    return to;
  }

  #grow(needed: number): boolean {
    const before = this.#room;
    if (needed <= before.length) return true;
    const size = Math.min(Math.max(needed, FIRST_BYTES, 2 * before.length), this.#length, KEPT_BYTES_MAX);
    const larger = this.#memory.larger(before, size, this.#kept);
    if (larger !== undefined) {
      this.#room = larger;
      return true;
    }
    this.release(true);
    this.#short = true;
    return false;
  }
}
