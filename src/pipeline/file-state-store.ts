import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";
import { sameEntry } from "./memory-state-store.ts";
import { JournalWriter, readJournal, type JournalRecord } from "./state-journal.ts";
import { lockState, type StateLock } from "./state-lock.ts";
import type { StateEntry, StateStore } from "./state-store.ts";

/** The journal is rewritten when it is at least this long and mostly superseded. */
const rewriteBytesMin = 4 * 1024 * 1024;

/**
 * State in one file: locked against other processes while it is open, every accepted write synced to the disk before it is
 * reported. Writes that come together share one sync.
 */
export class FileStateStore implements StateStore {
  readonly title: string;
  readonly #entries: Map<string, StateEntry>;
  readonly #journal: JournalWriter;
  readonly #lock: StateLock;
  /** Records that wait for the flush before them. */
  #gathering: { readonly records: JournalRecord[]; readonly done: Promise<void> } | undefined;
  #lastFlush: Promise<void> = Promise.resolve();
  #broken: unknown;
  /** Length of the journal at which rewriting is considered next. */
  #rewriteAt = rewriteBytesMin;

  private constructor(path: string, entries: Map<string, StateEntry>, journal: JournalWriter, lock: StateLock) {
    this.title = `file ${path}`;
    this.#entries = entries;
    this.#journal = journal;
    this.#lock = lock;
  }

  /** @param path absolute; folders are made. @throws TF_STATE_LOCKED, TF_STATE_CORRUPT, TF_IO */
  static async open(path: string, clock: Clock, chance: Chance): Promise<FileStateStore> {
    const lock = await lockState(path, clock, chance);
    try {
      const { entries, length } = await readJournal(path);
      const journal = await JournalWriter.open(path, length);
      return new FileStateStore(path, entries, journal, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** What the file says now, without the lock and without a way to write; for looking at a job that may be running. */
  static async look(path: string): Promise<StateStore> {
    const { entries } = await readJournal(path);
    return new SeenState(`file ${path}`, entries);
  }

  get(key: string): Promise<StateEntry | undefined> {
    return Promise.resolve(this.#entries.get(key));
  }

  async compareAndSet(key: string, expected: Pick<StateEntry, "token" | "seq"> | undefined, next: StateEntry): Promise<boolean> {
    const stored = this.#entries.get(key);
    if (!sameEntry(stored, expected)) return sameEntry(stored, next);
    const entry = { token: next.token, seq: next.seq, value: next.value };
    this.#entries.set(key, entry);
    await this.#append({ key, entry });
    return true;
  }

  scan(prefix: string): AsyncIterable<readonly [string, StateEntry]> {
    return scanEntries(this.#entries, prefix);
  }

  async remove(key: string): Promise<void> {
    if (this.#entries.delete(key)) await this.#append({ key });
  }

  async close(): Promise<void> {
    await this.#lastFlush;
    await this.#journal.close();
    await this.#lock.release();
  }

  #append(record: JournalRecord): Promise<void> {
    if (this.#gathering === undefined) {
      const records: JournalRecord[] = [];
      const done = this.#lastFlush.then(() => {
        this.#gathering = undefined;
        return this.#flush(records);
      });
      this.#gathering = { records, done };
      this.#lastFlush = done.catch(() => undefined);
    }
    this.#gathering.records.push(record);
    return this.#gathering.done;
  }

  /** After a failed write memory is ahead of the disk, so nothing is accepted any more. */
  async #flush(records: readonly JournalRecord[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    try {
      await this.#journal.append(records);
      if (this.#journal.length < this.#rewriteAt) return;
      if (this.#journal.length >= 4 * sizeOf(this.#entries)) await this.#journal.rewrite(this.#entries);
      this.#rewriteAt = Math.max(rewriteBytesMin, 2 * this.#journal.length);
    } catch (error) {
      this.#broken = error;
      throw error;
    }
  }
}

class SeenState implements StateStore {
  readonly title: string;
  readonly #entries: ReadonlyMap<string, StateEntry>;

  constructor(title: string, entries: ReadonlyMap<string, StateEntry>) {
    this.title = title;
    this.#entries = entries;
  }

  get(key: string): Promise<StateEntry | undefined> {
    return Promise.resolve(this.#entries.get(key));
  }

  compareAndSet(): Promise<boolean> {
    return Promise.reject(new TableferryError("TF_INTERNAL", { message: "state that was only looked at is written" }));
  }

  scan(prefix: string): AsyncIterable<readonly [string, StateEntry]> {
    return scanEntries(this.#entries, prefix);
  }

  remove(): Promise<void> {
    return this.compareAndSet().then(() => undefined);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function* scanEntries(entries: ReadonlyMap<string, StateEntry>, prefix: string): AsyncGenerator<readonly [string, StateEntry]> {
  for (const key of [...entries.keys()].filter((one) => one.startsWith(prefix)).sort()) {
    const entry = entries.get(key);
    if (entry !== undefined) yield [key, entry];
  }
}

function sizeOf(entries: ReadonlyMap<string, StateEntry>): number {
  let bytes = 0;
  for (const [key, { token, value }] of entries) bytes += key.length + token.length + value.length + 32;
  return bytes;
}
