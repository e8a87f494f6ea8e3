import { rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import { ApartCursor } from "./apart-cursor.ts";
import { keySpace } from "./key-space.ts";
import { LevelStore, type LevelStoreOptions } from "./level-store.ts";
import type { Cursor, Entry, KeyRange, OrderedStore, Snapshot, StoreBatch, StoreChange, WriteOptions } from "./ordered-store.ts";
import { storageError } from "./storage-error.ts";
import { UnderWay } from "./under-way.ts";
import { valueFileName, valueFilesIn } from "./value-file.ts";
import { FRAME_KEY_BYTES_MAX, looksLikePointer, placeOf, pointerTo, type ValuePlace } from "./value-frame.ts";
import { ValueLog } from "./value-log.ts";
import { readValueNow } from "./value-reader.ts";
import { liveFrame, type LiveFrame } from "./value-scan.ts";

/** Shorter ones are not worth the flush of their own: that costs 140 µs, and LevelDB merges 30 KB in about as much. */
const APART_BYTES_MIN = 32 * 1024;
/** So that much that is removed at once is looked for once. */
const RECLAIM_PAUSE_MS = 1000;

/**
 * The ordered store on disk: a LevelDB, and beside it the large values of the change log, which are written once, read in order and removed when they are old: to merge them
 * is all cost. A value that stands apart is flushed before the pointer to it is written, so both are there or neither. Keys of that space are written once.
 */
export class ApartStore implements OrderedStore {
  readonly durable = true;
  readonly #level: LevelStore;
  readonly #log: ValueLog;
  readonly #folder: string;
  readonly #writes = new UnderWay();
  /** The first file that each batch not written yet has a value in. */
  readonly #unwritten = new Map<StoreBatch, number>();
  /** Cursors and snapshots that may still come upon pointers removed meanwhile; each settles when it is closed. */
  readonly #readers = new Set<Promise<void>>();
  /** A value that is needed, of files looked through before. */
  readonly #witnesses = new Map<number, LiveFrame>();
  readonly #stopping = new AbortController();
  #reclaiming: Promise<void> | undefined;
  #removedMore = false;

  private constructor(level: LevelStore, log: ValueLog, folder: string) {
    this.#level = level;
    this.#log = log;
    this.#folder = folder;
    if (log.current > 1) this.#reclaimSoon();
  }

  /** @throws as `LevelStore.open` */
  static async open(folder: string, options: LevelStoreOptions = {}): Promise<ApartStore> {
    const level = await LevelStore.open(folder, options);
    try {
      return new ApartStore(level, await ValueLog.open(folder), folder);
    } catch (thrown) {
      await level.close();
      throw storageError(thrown, folder);
    }
  }

  /** @throws TF_STORE_CORRUPT */
  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.#level.get(key);
    return value !== undefined && isPointer(key, value) ? readValueNow(this.#folder, placeOf(value)) : value;
  }

  write(changes: readonly StoreChange[], { sync }: WriteOptions): Promise<void> {
    const removes = changes.some(({ type, key }) => type === "del" && isApart(key));
    // What is removed must not come back when the files are gone.
    const batch = this.batch({ sync: sync || removes });
    batch.add(changes);
    if (!removes) return batch.write();
    return batch.write().then(() => this.#reclaimSoon());
  }

  batch(options: WriteOptions): StoreBatch {
    const inner = this.#level.batch(options);
    // What others append meanwhile is not waited for.
    let staged: Promise<void> | undefined;
    const stage = () => (staged ??= this.#flushed());
    const batch: StoreBatch = {
      add: (changes) => {
        if (!changes.some(standsApart)) return inner.add(changes);
        if (!this.#unwritten.has(batch)) this.#unwritten.set(batch, this.#log.current);
        batch.stage = stage;
        inner.add(changes.map((change) => (standsApart(change) ? this.#append(change) : change)));
      },
      write: () => this.#writes.add(batch.stage !== undefined ? stage().then(() => this.#writeBehind(batch, inner)) : inner.write()),
    };
    return batch;
  }

  entries(range: KeyRange, snapshot?: Snapshot): Cursor<Entry> {
    const inner = this.#level.entries(range, levelSnapshot(snapshot));
    return reaches(range) ? new ApartCursor(this.#folder, inner, isPointer, this.#reader()) : inner;
  }

  values(range: KeyRange, snapshot?: Snapshot): Cursor<Uint8Array> {
    if (!reaches(range)) return this.#level.values(range, levelSnapshot(snapshot));
    const cursor = this.entries(range, snapshot);
    return { next: async (count) => (await cursor.next(count)).map(({ value }) => value), close: () => cursor.close() };
  }

  keys(range: KeyRange, snapshot?: Snapshot): Cursor<Uint8Array> {
    return this.#level.keys(range, levelSnapshot(snapshot));
  }

  snapshot(): Snapshot {
    return new ApartSnapshot(this.#level.snapshot(), this.#reader());
  }

  /** Without what stands apart, which no rows do. */
  approximateSize(from: Uint8Array, to: Uint8Array): Promise<number> {
    return this.#level.approximateSize(from, to);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled([this.#writes.settled(), this.#reclaiming]);
    await this.#level.close();
    await this.#log.close();
  }

  /** Removes files of which nothing is needed any more now, instead of soon after something was removed. */
  async reclaim(): Promise<void> {
    const complete = Math.min(this.#log.current, ...this.#unwritten.values());
    const gone: number[] = [];
    for (const number of await valueFilesIn(this.#folder)) {
      if (number >= complete || this.#stopping.signal.aborted) break;
      const witness = this.#witnesses.get(number);
      if (witness !== undefined && this.#isNeeded(witness)) continue;
      const found = await liveFrame(this.#folder, number, (frame) => this.#isNeeded(frame));
      if (found === undefined) gone.push(number);
      else if (found !== "damaged") this.#witnesses.set(number, found);
    }
    if (gone.length === 0) return;
    const stopped = new Promise<void>((resolve) => this.#stopping.signal.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([Promise.all(this.#readers), stopped]);
    if (this.#stopping.signal.aborted) return;
    for (const number of gone) {
      await rm(join(this.#folder, valueFileName(number)), { force: true });
      this.#witnesses.delete(number);
    }
  }

  #append({ key, value }: StoreChange & { readonly type: "put" }): StoreChange {
    return { type: "put", key, value: pointerTo(this.#log.append(key, value)) };
  }

  async #writeBehind(batch: StoreBatch, inner: StoreBatch): Promise<void> {
    await inner.write();
    this.#unwritten.delete(batch);
  }

  #flushed(): Promise<void> {
    return this.#log.flushed().catch((thrown: unknown) => {
      throw storageError(thrown, this.#folder);
    });
  }

  /** Says that somebody reads; the function returned, that they do no more. */
  #reader(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#readers.add(promise);
    return () => {
      this.#readers.delete(promise);
      resolve();
    };
  }

  #reclaimSoon(): void {
    if (this.#reclaiming !== undefined) this.#removedMore = true;
    else if (!this.#stopping.signal.aborted) this.#reclaiming = this.#reclaimLater();
  }

  async #reclaimLater(): Promise<void> {
    try {
      do {
        await systemClock.sleep(RECLAIM_PAUSE_MS, this.#stopping.signal);
        this.#removedMore = false;
        await this.reclaim();
      } while (this.#removedMore);
    } catch {
      // Closing, or a disk that refuses: files that stay take space and nothing else, and are looked at again.
    } finally {
      this.#reclaiming = undefined;
    }
  }

  #isNeeded({ key, place }: LiveFrame): boolean {
    const value = this.#level.get(key);
    return value !== undefined && isPointer(key, value) && samePlace(placeOf(value), place);
  }
}

class ApartSnapshot implements Snapshot {
  readonly level: Snapshot;
  readonly #closed: () => void;

  constructor(level: Snapshot, closed: () => void) {
    this.level = level;
    this.#closed = closed;
  }

  async close(): Promise<void> {
    await this.level.close();
    this.#closed();
  }
}

function levelSnapshot(snapshot: Snapshot | undefined): Snapshot | undefined {
  return snapshot instanceof ApartSnapshot ? snapshot.level : undefined;
}

function isApart(key: Uint8Array): boolean {
  return key[0] === keySpace.change;
}

function isPointer(key: Uint8Array, value: Uint8Array): boolean {
  return isApart(key) && looksLikePointer(value);
}

function standsApart(change: StoreChange): change is StoreChange & { readonly type: "put" } {
  if (change.type !== "put" || !isApart(change.key)) return false;
  // Whatever could be taken for a pointer stands apart too.
  return (change.value.length >= APART_BYTES_MIN || looksLikePointer(change.value)) && change.key.length <= FRAME_KEY_BYTES_MAX;
}

/** Whether there can be values in a range that stand apart. */
function reaches({ from, to }: KeyRange): boolean {
  return (from[0] ?? 0) <= keySpace.change && (to[0] ?? 0) >= keySpace.change;
}

function samePlace(a: ValuePlace, b: ValuePlace): boolean {
  return a.file === b.file && a.at === b.at;
}
