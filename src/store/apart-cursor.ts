import type { Cursor, Entry } from "./ordered-store.ts";
import { placeOf } from "./value-frame.ts";
import { ValueReader } from "./value-reader.ts";

/** Of values that stand apart, handed out in one go: as much as a visit to LevelDB brings. */
const STEP_BYTES_MAX = 512 * 1024;

/** Entries of LevelDB, with the values that it has pointers to. */
export class ApartCursor implements Cursor<Entry> {
  readonly #inner: Cursor<Entry>;
  readonly #isPointer: (key: Uint8Array, value: Uint8Array) => boolean;
  readonly #reader: ValueReader;
  readonly #closed: () => void;
  /** Entries from LevelDB that were not handed out yet. */
  #held: readonly Entry[] = [];

  constructor(folder: string, inner: Cursor<Entry>, isPointer: (key: Uint8Array, value: Uint8Array) => boolean, closed: () => void) {
    this.#reader = new ValueReader(folder);
    this.#inner = inner;
    this.#isPointer = isPointer;
    this.#closed = closed;
  }

  /** @throws TF_STORE_CORRUPT */
  async next(count: number): Promise<readonly Entry[]> {
    const raw = this.#held.length > 0 ? this.#held : await this.#inner.next(count);
    const entries: Entry[] = [];
    let bytes = 0;
    while (entries.length < Math.min(count, raw.length) && bytes < STEP_BYTES_MAX) {
      const { key, value } = raw[entries.length]!;
      const whole = this.#isPointer(key, value) ? await this.#reader.read(placeOf(value)) : value;
      if (whole !== value) bytes += whole.length;
      entries.push({ key, value: whole });
    }
    this.#held = raw.slice(entries.length);
    return entries;
  }

  async close(): Promise<void> {
    await this.#inner.close();
    await this.#reader.close();
    this.#closed();
  }
}
