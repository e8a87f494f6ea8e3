import { ByteWriter } from "../wire/plainbuffer/byte-writer.ts";

/** 16 batches in flight, each with their records; more are given fresh memory. Of our own. */
const KEPT_MAX = 32;
/** Of one piece that is kept: rows of 1.3 KB in a batch of 200. */
const KEPT_BYTES_MAX = 512 * 1024;

/** Memory that batches write into, used again: fresh memory for each costs more in page faults and garbage collection than what is written into it. */
export class BatchMemory {
  readonly #free: ByteWriter[] = [];

  /** Room for so many bytes, and for more if need be. */
  take(bytesExpected: number): ByteWriter {
    const writer = bytesExpected > KEPT_BYTES_MAX ? undefined : this.#free.pop();
    if (writer === undefined) return new ByteWriter(bytesExpected);
    writer.reserve(bytesExpected);
    return writer;
  }

  /** Takes memory back in which nobody has anything any more. */
  give(writer: ByteWriter): void {
    if (this.#free.length === KEPT_MAX || writer.bytes.length > KEPT_BYTES_MAX) return;
    writer.reset();
    this.#free.push(writer);
  }
}
