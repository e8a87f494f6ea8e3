import { systemClock } from "../base/clock.ts";
import type { OrderedStore, StoreBatch, StoreChange } from "./ordered-store.ts";

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
  /** Names of the changed keys, once they stand in the pending map. */
  names: readonly string[] | undefined;
  resolve(): void;
  reject(reason: unknown): void;
}

/** Those who share a flush. */
interface Group {
  readonly waiters: Waiter[];
  /** Of keys and values. */
  bytes: number;
  /** Takes in their changes as they come. Undefined while there are none. */
  batch: StoreBatch | undefined;
}

interface Pending {
  /** Undefined: deleted. */
  readonly value: Uint8Array | undefined;
  /** Of the commit that wrote it. */
  readonly sequence: number;
}

/**
 * Group commit: one batch is in flight, everything enqueued meanwhile goes into the next one, so that many writers share a disk
 * flush (32 synced writers: 72 k rows/s grouped, 20 k/s each on its own). Where a batch has to be staged, that is done while the one before is in flight.
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
  /** Who waits for a batch that is not written yet; all but the last group are full. */
  #groups: Group[] = [];
  /** Enqueued or in flight, and not in the pending map yet: they are put there when somebody reads, so that blind writes cost no map. */
  #unindexed: Waiter[] = [];
  #running = false;
  /** The group that is being written. */
  #writing: Promise<void> | undefined;
  /** The group behind it, whose batch is being staged meanwhile. */
  #staged: Group | undefined;
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
      const waiter: Waiter = { changes, sequence, names: undefined, resolve, reject };
      this.#join(waiter, bytes);
      this.#unindexed.push(waiter);
      if (!this.#running) void this.#run();
      else this.#joined?.();
    });
  }

  /** Settles when everything enqueued so far is committed. */
  settled(): Promise<void> {
    return this.#running ? this.commit([]) : this.#failure === undefined ? Promise.resolve() : Promise.reject(this.#failure.reason);
  }

  #join(waiter: Waiter, bytes: number): void {
    let group = this.#groups.at(-1);
    if (group === undefined || (group.bytes > 0 && group.bytes + bytes > GROUP_BYTES_MAX)) {
      group = { waiters: [], bytes: 0, batch: undefined };
      this.#groups.push(group);
    }
    group.waiters.push(waiter);
    if (waiter.changes.length === 0) return;
    group.bytes += bytes;
    group.batch ??= this.#store.batch({ sync: this.#sync });
    group.batch.add(waiter.changes);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#groups.length > 0 || this.#writing !== undefined) {
      if (this.#writing === undefined) {
        if (this.#flushes && this.#company >= COMPANY_MIN) await this.#gather(Math.ceil(this.#company * COMPANY_PART));
      } else if (this.#groups[0]?.batch?.stage === undefined) {
        await Promise.race([this.#writing, this.#somethingToStage()]);
        continue;
      }
      this.#staged = this.#groups.shift()!;
      const stage = this.#staged.batch?.stage?.();
      if (stage !== undefined) await stage.catch((reason: unknown) => this.#fail(reason));
      if (this.#writing !== undefined) await this.#writing;
      const group = this.#staged;
      this.#staged = undefined;
      if (group !== undefined) this.#writing = this.#write(group);
    }
    this.#running = false;
  }

  /** Never rejects. */
  async #write({ waiters, batch }: Group): Promise<void> {
    try {
      await batch?.write();
      this.#forget(waiters);
      this.#company = this.#groups.reduce((count, group) => count + group.waiters.length, waiters.length);
      for (const waiter of waiters) waiter.resolve();
    } catch (reason) {
      this.#fail(reason, waiters);
    }
    this.#writing = undefined;
  }

  #somethingToStage(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#joined = () => {
      if (this.#groups[0]!.batch?.stage !== undefined) resolve();
    };
    return promise;
  }

  /** Settles when so many wait, or enough for a flush, or some time is over. */
  async #gather(wanted: number): Promise<void> {
    const first = this.#groups[0]!;
    const complete = () => first.waiters.length >= wanted || first.bytes >= COMPANY_BYTES_MAX;
    if (complete()) return;
    const joined = new AbortController();
    this.#joined = () => {
      if (complete()) joined.abort(enough);
    };
    // Disks know no virtual time.
    await systemClock.sleep(COMPANY_MS, joined.signal).catch(() => undefined);
    this.#joined = undefined;
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
  #forget(written: readonly Waiter[]): void {
    const last = written.at(-1)!.sequence;
    const kept = this.#unindexed.findIndex((waiter) => waiter.sequence > last);
    this.#unindexed.splice(0, kept < 0 ? this.#unindexed.length : kept);
    for (const { names } of written) {
      for (const name of names ?? []) {
        const pending = this.#pending.get(name);
        if (pending !== undefined && pending.sequence <= last) this.#pending.delete(name);
      }
    }
  }

  #fail(reason: unknown, failed: readonly Waiter[] = []): void {
    this.#failure ??= { reason };
    const refused = [...failed, ...(this.#staged?.waiters ?? []), ...this.#groups.flatMap(({ waiters }) => waiters)];
    this.#staged = undefined;
    this.#groups = [];
    this.#unindexed = [];
    this.#pending.clear();
    for (const waiter of refused) waiter.reject(reason);
  }
}

/** Bytes as a map key: one character a byte. */
export function keyName(key: Uint8Array): string {
  return (key instanceof Buffer ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength)).toString("latin1");
}
