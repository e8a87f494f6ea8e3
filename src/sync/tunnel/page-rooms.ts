import type { ResponseRoom } from "../../wire/transport.ts";

/** Smaller replies are no burden. */
const roomBytesMin = 64 * 1024;
/** Pages have some 1 MB and differ by some records: rooms come in steps. */
const stepBytes = 256 * 1024;
/** Larger rooms are not kept, and of others so many: those of a busy channel, whatever their number. */
const roomBytesMax = 2 * 1024 * 1024;
const sparesMax = 4;

/**
 * Memory of pages that are done with, for the next ones. In fresh memory each, twenty pages made V8 collect its whole heap once: a quarter of a worker's CPU.
 */
export class PageRooms {
  readonly #spare: Uint8Array[] = [];
  /** What a page may be given back to: bodies also come in memory of others. */
  readonly #lent = new WeakSet<ArrayBufferLike>();

  readonly room: ResponseRoom = (length) => {
    if (length < roomBytesMin) return new Uint8Array(length);
    const fit = this.#spare.findIndex((spare) => spare.length >= length);
    const [room] = fit < 0 ? [new Uint8Array(Math.ceil(length / stepBytes) * stepBytes)] : this.#spare.splice(fit, 1);
    this.#lent.add(room!.buffer);
    return room!.subarray(0, length);
  };

  /** Nobody looks at it any more. Anything else than a whole body that `room` was asked for is left alone. */
  giveBack({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer)) return;
    if (buffer.byteLength <= roomBytesMax && this.#spare.length < sparesMax) this.#spare.push(new Uint8Array(buffer));
  }
}
