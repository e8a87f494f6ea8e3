import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { frameHead, type ValuePlace } from "./value-frame.ts";
import { ValueFile, valueFilesIn } from "./value-file.ts";

/** Space of removed values comes back file by file. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

interface Appended {
  readonly file: number;
  readonly head: Uint8Array;
  readonly value: Uint8Array;
}

interface Flush {
  /** Of appended values that it waits for. */
  readonly count: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Large values beside LevelDB, in files that are written once and never merged: LevelDB would write each of them three to five times. Where a value will stand is known at once;
 * it is written and flushed in the background, several together. A value counts only when LevelDB has a pointer to it, so whoever writes that waits for `flushed` first;
 * what a crash leaves without a pointer is nobody's. Every process begins a file of its own.
 */
export class ValueLog {
  readonly #folder: string;
  /** Of the file that is appended to; it is made when its first value is written. */
  #number: number;
  /** Bytes it will have. */
  #end = 0;
  #file: ValueFile | undefined;
  #queue: Appended[] = [];
  #appended = 0;
  #written = 0;
  #flushes: Flush[] = [];
  #running: Promise<void> | undefined;
  #failure: { readonly reason: unknown } | undefined;

  private constructor(folder: string, number: number) {
    this.#folder = folder;
    this.#number = number;
  }

  static async open(folder: string): Promise<ValueLog> {
    const numbers = await valueFilesIn(folder);
    return new ValueLog(folder, (numbers.at(-1) ?? 0) + 1);
  }

  /** Files with a lower number are complete. */
  get current(): number {
    return this.#number;
  }

  /** Appends a value, which must stay unchanged until `flushed` settles. */
  append(key: Uint8Array, value: Uint8Array): ValuePlace {
    if (this.#end >= FILE_BYTES_MAX) {
      this.#number++;
      this.#end = 0;
    }
    const crc = crc32(value);
    const head = frameHead(key, value.length, crc);
    const place = { file: this.#number, at: this.#end + head.length, length: value.length, crc };
    this.#end = place.at + value.length;
    this.#appended++;
    if (this.#failure === undefined) {
      this.#queue.push({ file: this.#number, head, value });
      this.#running ??= this.#run().finally(() => (this.#running = undefined));
    }
    return place;
  }

  /** Settles when all that was appended so far is flushed. After a failure nothing is written any more. */
  flushed(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.reason);
    if (this.#written === this.#appended) return Promise.resolve();
    return new Promise((resolve, reject) => void this.#flushes.push({ count: this.#appended, resolve, reject }));
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#file?.close();
  }

  async #run(): Promise<void> {
    // Who comes in the next turn shares the first flush: a request that is judged now and one that waits for its turn.
    await nextTurn();
    try {
      while (this.#queue.length > 0) {
        const queue = this.#queue.splice(0);
        for (let from = 0, to = 0; from < queue.length; from = to) {
          while (to < queue.length && queue[to]!.file === queue[from]!.file) to++;
          await this.#write(queue.slice(from, to));
        }
        this.#written += queue.length;
        const left = this.#flushes.findIndex(({ count }) => count > this.#written);
        for (const { resolve } of this.#flushes.splice(0, left < 0 ? this.#flushes.length : left)) resolve();
      }
    } catch (reason) {
      this.#failure = { reason };
      this.#queue = [];
      for (const { reject } of this.#flushes.splice(0)) reject(reason);
    }
  }

  /** Values of one file. */
  async #write(values: readonly Appended[]): Promise<void> {
    const number = values[0]!.file;
    if (this.#file?.number !== number) {
      await this.#file?.close();
      this.#file = await ValueFile.create(this.#folder, number);
    }
    await this.#file.append(values.flatMap(({ head, value }) => [head, value]));
  }
}
