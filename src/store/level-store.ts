import { access, constants, mkdir } from "node:fs/promises";
import { ClassicLevel } from "classic-level";
import { systemClock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";
import type { Cursor, Entry, KeyRange, OrderedStore, Snapshot, StoreBatch, StoreChange, WriteOptions } from "./ordered-store.ts";
import { checkLevel, checkTable } from "./level-check.ts";
import { storageError } from "./storage-error.ts";
import { UnderWay } from "./under-way.ts";

/**
 * Measured with batches of 200 × 300 B in random key order: 16 MB of write buffer take 7.0 µs of CPU a row in all, the default 4 MB
 * 8.8 µs, 32 MB 7.3 µs. With a stream, where rows and records lie far apart and so each buffer's file overlaps all others: 16 MB 14.5 µs and 97,000 rows/s, 32 MB 11.1 µs and
 * 133,000. Two such buffers can be in memory.
 */
const WRITE_BUFFER_BYTES = 32 * 1024 * 1024;
const BLOCK_CACHE_BYTES = 32 * 1024 * 1024;
/** One visit to the thread pool brings this much; the default of 16 KB makes 20 visits out of a page of a range read. */
const CURSOR_BYTES = 512 * 1024;

/** Tables that are not checked before opening are checked behind it, one after each of these pauses: about 100 MB a second for a fifteenth of a core. */
const CHECK_PAUSE_MS = 20;

/** One is being written while another one is filled. */
const SPARE_MAX = 2;

export interface LevelStoreOptions {
  /** Bytes of tables that are checked before opening, 64 MB unless told otherwise; what is left is checked while the store is open. */
  readonly checkedAtOnceBytes?: number | undefined;
}

/**
 * `batch` of abstract-level copies and checks each operation, 10 µs a row on the event loop; the methods it calls in the end, which are the documented contract for
 * implementers, take one. Our keys and values are always buffers, and no hooks or sublevels are in use.
 */
class DirectLevel extends ClassicLevel<Uint8Array, Uint8Array> {
  declare readonly _chainedBatch: () => NativeBatch;
}

interface NativeBatch {
  _put(key: Uint8Array, value: Uint8Array): void;
  _del(key: Uint8Array): void;
  _write(options: WriteOptions): Promise<void>;
  _clear(): void;
}

/**
 * For cursors that bring values only: classic-level makes an entry of each all the same, whose key is empty, and a buffer of that key costs as much as one of
 * the row. As text it costs nothing. Bounds stay the bytes they are, which the binding takes of either format.
 */
const noKeys = { name: "no keys", format: "utf8" as const, encode: (bound: Uint8Array) => bound, decode: () => new Uint8Array(0) };

/** The ordered store on disk: LevelDB in a folder that one process at a time may use. */
export class LevelStore implements OrderedStore {
  readonly durable = true;
  readonly #level: DirectLevel;
  readonly #folder: string;
  readonly #writes = new UnderWay();
  /** Batches that were written; their memory is outside the heap and would wait for its collector. */
  readonly #spare: NativeBatch[] = [];
  readonly #stopping = new AbortController();
  readonly #checked: Promise<void>;
  #damage: unknown;
  #closing: Promise<void> | undefined;

  private constructor(level: DirectLevel, folder: string, unchecked: readonly string[]) {
    this.#level = level;
    this.#folder = folder;
    this.#checked = this.#check(unchecked);
  }

  /**
   * Opens the folder, creating it when missing. Damage in what was not checked at once is found later, and then everything is refused with TF_STORE_CORRUPT.
   * @throws TF_STORE_LOCKED when another process has it open, TF_STORE_UNWRITABLE, TF_STORE_FULL, TF_STORE_CORRUPT.
   */
  static async open(folder: string, options: LevelStoreOptions = {}): Promise<LevelStore> {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
      const unchecked = await checkLevel(folder, options.checkedAtOnceBytes);
      const level = new DirectLevel(folder, {
        keyEncoding: "view",
        valueEncoding: "view",
        writeBufferSize: WRITE_BUFFER_BYTES,
        cacheSize: BLOCK_CACHE_BYTES,
      });
      await level.open();
      return new LevelStore(level, folder, unchecked);
    } catch (thrown) {
      throw storageError(thrown, folder);
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#guard(() => this.#level.getSync(key));
  }

  write(changes: readonly StoreChange[], options: WriteOptions): Promise<void> {
    const batch = this.batch(options);
    batch.add(changes);
    return batch.write();
  }

  batch(options: WriteOptions): StoreBatch {
    const native = this.#spare.pop() ?? this.#level._chainedBatch();
    return {
      add: (changes) => {
        for (const change of changes) {
          if (change.type === "put") native._put(change.key, change.value);
          else native._del(change.key);
        }
      },
      write: () => this.#write(native, options),
    };
  }

  entries(range: KeyRange, snapshot?: Snapshot): Cursor<Entry> {
    const iterator = this.#guard(() => this.#level.iterator(this.#iteratorOptions(range, snapshot)));
    return this.#cursor(iterator, ([key, value]: [Uint8Array, Uint8Array]) => ({ key, value }));
  }

  values(range: KeyRange, snapshot?: Snapshot): Cursor<Uint8Array> {
    const options = { ...this.#iteratorOptions(range, snapshot), keys: false, keyEncoding: noKeys };
    const iterator = this.#guard(() => this.#level.iterator<Uint8Array, Uint8Array>(options));
    return this.#cursor(iterator, ([, value]: [unknown, Uint8Array]) => value);
  }

  keys(range: KeyRange, snapshot?: Snapshot): Cursor<Uint8Array> {
    const iterator = this.#guard(() => this.#level.keys(this.#iteratorOptions(range, snapshot)));
    return this.#cursor(iterator, (key: Uint8Array) => key);
  }

  snapshot(): LevelSnapshot {
    return this.#guard(() => new LevelSnapshot(this.#level.snapshot()));
  }

  async approximateSize(from: Uint8Array, to: Uint8Array): Promise<number> {
    this.#refuseUnusable();
    return this.#level.approximateSize(from, to);
  }

  close(): Promise<void> {
    this.#stopping.abort();
    this.#closing ??= Promise.allSettled([this.#writes.settled(), this.#checked]).then(() => this.#level.close());
    return this.#closing;
  }

  #write(native: NativeBatch, options: WriteOptions): Promise<void> {
    this.#refuseUnusable();
    const written = native._write(options).then(
      () => {
        native._clear();
        if (this.#spare.length < SPARE_MAX) this.#spare.push(native);
      },
      (thrown: unknown) => {
        throw storageError(thrown, this.#folder);
      },
    );
    return this.#writes.add(written);
  }

  /** Tables that compaction has replaced meanwhile are gone and count as right. */
  async #check(tables: readonly string[]): Promise<void> {
    try {
      for (const path of tables) {
        await systemClock.sleep(CHECK_PAUSE_MS, this.#stopping.signal);
        await checkTable(path);
      }
    } catch (thrown) {
      if (!this.#stopping.signal.aborted) this.#damage = storageError(thrown, this.#folder);
    }
  }

  #iteratorOptions(range: KeyRange, snapshot: Snapshot | undefined) {
    const level = snapshot instanceof LevelSnapshot ? { snapshot: snapshot.level } : {};
    return { gte: range.from, lt: range.to, reverse: range.reverse === true, highWaterMarkBytes: CURSOR_BYTES, ...level };
  }

  #cursor<Raw, Item>(iterator: RawIterator<Raw>, make: (raw: Raw) => Item): Cursor<Item> {
    let coming: Promise<Raw[]> | undefined;
    return {
      next: async (count, ahead = 0) => {
        try {
          const raw = await (coming ?? iterator.nextv(count));
          coming = ahead > 0 && raw.length > 0 ? iterator.nextv(ahead) : undefined;
          // Told of when it is asked for, if it is.
          coming?.catch(() => undefined);
          return raw.map(make);
        } catch (thrown) {
          throw storageError(thrown, this.#folder);
        }
      },
      close: () => iterator.close(),
    };
  }

  #guard<Result>(read: () => Result): Result {
    this.#refuseUnusable();
    try {
      return read();
    } catch (thrown) {
      throw storageError(thrown, this.#folder);
    }
  }

  #refuseUnusable(): void {
    if (this.#closing !== undefined) throw new TableferryError("TF_INTERNAL", { message: "the store is closed", place: this.#folder });
    if (this.#damage !== undefined) throw this.#damage;
  }
}

interface RawIterator<Raw> {
  nextv(count: number): Promise<Raw[]>;
  close(): Promise<void>;
}

class LevelSnapshot implements Snapshot {
  readonly level: ReturnType<DirectLevel["snapshot"]>;

  constructor(level: ReturnType<DirectLevel["snapshot"]>) {
    this.level = level;
  }

  close(): Promise<void> {
    return this.level.close();
  }
}
