import { collectedBatch } from "../../../src/store/collected-batch.ts";
import { MemoryStore } from "../../../src/store/memory-store.ts";
import type { OrderedStore, StoreBatch, StoreChange, WriteOptions } from "../../../src/store/ordered-store.ts";
import type { EventClock } from "./event-clock.ts";

/** A disk: what was written stays, whoever wrote it. */
export class Disk {
  readonly memory = new MemoryStore();
  readonly #time: EventClock;
  /** Milliseconds a flush takes; 0: at once. */
  readonly flushMs: () => number;

  constructor(time: EventClock, flushMs: () => number) {
    this.#time = time;
    this.flushMs = flushMs;
  }

  /** A store over it, until the power is cut. */
  mount(): MountedStore {
    return new MountedStore(this.memory, this.#time, this.flushMs);
  }
}

/** An ordered store whose writes settle when they are flushed; those that are not yet are lost with the power. */
export class MountedStore implements OrderedStore {
  readonly durable = true;
  readonly get: OrderedStore["get"];
  readonly entries: OrderedStore["entries"];
  readonly values: OrderedStore["values"];
  readonly keys: OrderedStore["keys"];
  readonly snapshot: OrderedStore["snapshot"];
  readonly approximateSize: OrderedStore["approximateSize"];
  readonly #memory: MemoryStore;
  readonly #time: EventClock;
  readonly #flushMs: () => number;
  #unflushed: readonly StoreChange[] | undefined;
  #cut = false;

  constructor(memory: MemoryStore, time: EventClock, flushMs: () => number) {
    this.#memory = memory;
    this.#time = time;
    this.#flushMs = flushMs;
    this.get = (key) => memory.get(key);
    this.entries = (range, snapshot) => memory.entries(range, snapshot);
    this.values = (range, snapshot) => memory.values(range, snapshot);
    this.keys = (range, snapshot) => memory.keys(range, snapshot);
    this.snapshot = () => memory.snapshot();
    this.approximateSize = (from, to) => memory.approximateSize(from, to);
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    if (this.#cut) return new Promise<void>(() => undefined);
    const flushMs = this.#flushMs();
    if (flushMs > 0) {
      this.#unflushed = changes;
      await new Promise<void>((resolve) => this.#time.after(flushMs, resolve));
      this.#unflushed = undefined;
      if (this.#cut) return new Promise<void>(() => undefined);
    }
    await this.#memory.write(changes);
  }

  batch(options: WriteOptions): StoreBatch {
    return collectedBatch(this, options);
  }

  /** @param torn whether what was being flushed is there all the same, though nobody was told */
  async cutPower(torn: boolean): Promise<void> {
    this.#cut = true;
    if (torn && this.#unflushed !== undefined) await this.#memory.write(this.#unflushed);
  }

  async close(): Promise<void> {
    this.#cut = true;
  }
}
