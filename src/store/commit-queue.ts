import { systemClock } from "../base/clock.ts";
import type { OrderedStore, StoreChange } from "./ordered-store.ts";

/** More than this in one batch only delays those who wait; 20 requests of 200 rows of 1 KB. */
const GROUP_BYTES_MAX = 4 * 1024 * 1024;
/**
 * A flush costs 120 µs of CPU however many writers share it, and those whom the last one let go ask again soon. So a group waits until this part of the writers
 * seen at the end of the last one are in it, where those were so many; not for longer than that, and not where its bytes are worth a flush already.
 */
const COMPANY_PART = 0.75;
const COMPANY_MIN = 8;
const COMPANY_MS = 1;
const COMPANY_BYTES_MAX = 64 * 1024;
const enough = new Error("enough writers have joined");

interface Waiter {
  readonly changes: readonly StoreChange[];
  readonly sequence: number;
  readonly bytes: number;
  /** Names of the changed keys, once they stand in the pending map. */
  names: readonly string[] | undefined;
  resolve(): void;
  reject(reason: unknown): void;
}

interface Pending {
  /** Undefined: deleted. */
  readonly value: Uint8Array | undefined;
  /** Of the commit that wrote it. */
  readonly sequence: number;
}

/**
 * Group commit: one batch is in flight, everything enqueued meanwhile goes into the next one, so that many writers share a disk
 * flush (32 synced writers: 72 k rows/s grouped, 20 k/s each on its own).
 *
 * Guarantees:
 * - The order of `commit` calls is the order in the store: when a commit is durable, so is every one enqueued before it.
 * - `get` sees enqueued changes at once. Reading, deciding and enqueueing within one turn of the event loop is therefore atomic:
 *   rows need no latch, and a row that many write waits for no flush but its own.
 * - Whoever answers from `get` without a commit of its own waits for `settled` first, else it would tell of what a crash can still undo.
 * - After a failed batch every later commit is refused with the same error, since its decisions may rest on the lost one.
 */
export class CommitQueue {
  readonly #store: OrderedStore;
  readonly #sync: boolean;
  /** Committing takes a flush, which is worth being shared. */
  readonly #flushes: boolean;
  readonly #pending = new Map<string, Pending>();
  #waiters: Waiter[] = [];
  #waitingBytes = 0;
  /** Enqueued or in flight, and not in the pending map yet: they are put there when somebody reads, so that blind writes cost no map. */
  #unindexed: Waiter[] = [];
  #running = false;
  /** Writers seen at the end of the last group: its own, and who waited then. */
  #company = 0;
  /** Called when there is one writer more, while a group waits for them. */
  #joined: (() => void) | undefined;
  #sequence = 0;
  #failure: { readonly reason: unknown } | undefined;

  constructor(store: OrderedStore, options: { readonly sync: boolean }) {
    this.#store = store;
    this.#sync = options.sync;
    this.#flushes = options.sync && store.durable;
  }

  /** The newest value, enqueued or committed. `name` is the key's name, where the caller has it already. */
  get(key: Uint8Array, name?: string): Uint8Array | undefined {
    if (this.#unindexed.length > 0) this.#index();
    if (this.#pending.size > 0) {
      const pending = this.#pending.get(name ?? keyName(key));
      if (pending !== undefined) return pending.value;
    }
    return this.#store.get(key);
  }

  /** Enqueues the changes as one unit before it returns; settles when they are committed (and flushed, in a synced queue). */
  commit(changes: readonly StoreChange[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.reason);
    const sequence = ++this.#sequence;
    let bytes = 0;
    for (const change of changes) bytes += change.key.length + (change.type === "put" ? change.value.length : 0);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { changes, sequence, bytes, names: undefined, resolve, reject };
      this.#waiters.push(waiter);
      this.#waitingBytes += bytes;
      this.#unindexed.push(waiter);
      if (!this.#running) void this.#run();
      else this.#joined?.();
    });
  }

  /** Settles when everything enqueued so far is committed. */
  settled(): Promise<void> {
    return this.#running ? this.commit([]) : this.#failure === undefined ? Promise.resolve() : Promise.reject(this.#failure.reason);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiters.length > 0) {
      if (this.#flushes && this.#company >= COMPANY_MIN) await this.#gather(Math.ceil(this.#company * COMPANY_PART));
      const group = this.#nextGroup();
      try {
        const changes = group.length === 1 ? group[0]!.changes : group.flatMap((waiter) => waiter.changes);
        if (changes.length > 0) await this.#store.write(changes, { sync: this.#sync });
        this.#forget(group);
        this.#company = group.length + this.#waiters.length;
        for (const waiter of group) waiter.resolve();
      } catch (reason) {
        this.#fail(reason, group);
      }
    }
    this.#running = false;
  }

  /** Settles when so many wait, or enough for a flush, or some time is over. */
  async #gather(wanted: number): Promise<void> {
    const complete = () => this.#waiters.length >= wanted || this.#waitingBytes >= COMPANY_BYTES_MAX;
    if (complete()) return;
    const joined = new AbortController();
    this.#joined = () => {
      if (complete()) joined.abort(enough);
    };
    // Disks know no virtual time.
    await systemClock.sleep(COMPANY_MS, joined.signal).catch(() => undefined);
    this.#joined = undefined;
  }

  #nextGroup(): Waiter[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiters.length && (count === 0 || bytes + this.#waiters[count]!.bytes <= GROUP_BYTES_MAX)) {
      bytes += this.#waiters[count++]!.bytes;
    }
    this.#waitingBytes -= bytes;
    return this.#waiters.splice(0, count);
  }

  #index(): void {
    for (const waiter of this.#unindexed) {
      const names: string[] = [];
      for (const change of waiter.changes) {
        const name = keyName(change.key);
        names.push(name);
        this.#pending.set(name, { value: change.type === "put" ? change.value : undefined, sequence: waiter.sequence });
      }
      waiter.names = names;
    }
    this.#unindexed = [];
  }

  /** Drops the pending values that are now in the store; those a later commit wrote stay. */
  #forget(group: readonly Waiter[]): void {
    const last = group.at(-1)!.sequence;
    const kept = this.#unindexed.findIndex((waiter) => waiter.sequence > last);
    this.#unindexed.splice(0, kept < 0 ? this.#unindexed.length : kept);
    for (const { names } of group) {
      for (const name of names ?? []) {
        const pending = this.#pending.get(name);
        if (pending !== undefined && pending.sequence <= last) this.#pending.delete(name);
      }
    }
  }

  #fail(reason: unknown, group: readonly Waiter[]): void {
    this.#failure = { reason };
    const refused = [...group, ...this.#waiters];
    this.#waiters = [];
    this.#waitingBytes = 0;
    this.#unindexed = [];
    this.#pending.clear();
    for (const waiter of refused) waiter.reject(reason);
  }
}

/** Bytes as a map key: one character a byte. */
export function keyName(key: Uint8Array): string {
  return (key instanceof Buffer ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength)).toString("latin1");
}
