import { briefMemory } from "../../base/slab.ts";

/** Rooms between these sizes are of a power of two, and are used again; at most so many wait for it. */
const ROOM_BYTES_MIN = 64 * 1024;
const ROOM_BYTES_MAX = 512 * 1024;
const FREE_ROOMS_MAX = 8;

/** The memory that the bodies of all connections share. */
export class BodyMemory {
  /** Bytes. */
  readonly most: number;
  #held = 0;
  /** Of rooms that nobody is in. */
  readonly #free: Buffer<ArrayBuffer>[] = [];

  constructor(most: number) {
    this.most = most;
  }

  /** A room for so many bytes at least in the place of another, with its first bytes, else not cleared; undefined where there is not so much memory. */
  larger(room: Buffer<ArrayBuffer>, bytes: number, kept: number): Buffer<ArrayBuffer> | undefined {
    const size = roomSize(bytes);
    if (this.#held + size - room.length > this.most) return undefined;
    const free = this.#free.findLastIndex(({ length }) => length === size);
    const larger = free < 0 ? briefMemory(size) : this.#free.splice(free, 1)[0]!;
    this.#held += size;
    room.copy(larger, 0, 0, kept);
    this.leave(room, true);
    return larger;
  }

  /** Gives a room back. `reusable`: nobody looks at it any more. */
  leave(room: Buffer<ArrayBuffer>, reusable: boolean): void {
    this.#held -= room.length;
    if (!reusable || room.length < ROOM_BYTES_MIN || room.length > ROOM_BYTES_MAX) return;
    if (this.#free.length === FREE_ROOMS_MAX) this.#free.shift();
    this.#free.push(room);
  }

  /** Counts bytes that are there already, whether or not there is room. */
  add(bytes: number): void {
    this.#held += bytes;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}

function roomSize(bytes: number): number {
  if (bytes <= ROOM_BYTES_MIN / 2 || bytes > ROOM_BYTES_MAX) return bytes;
  let size = ROOM_BYTES_MIN;
  while (size < bytes) size *= 2;
  return size;
}
