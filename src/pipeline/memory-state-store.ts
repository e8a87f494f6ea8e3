import type { StateEntry, StateStore } from "./state-store.ts";

/** State that ends with the process: for tests, and for looking at jobs that keep none. */
export class MemoryStateStore implements StateStore {
  readonly title = "memory";
  readonly entries = new Map<string, StateEntry>();

  get(key: string): Promise<StateEntry | undefined> {
    return Promise.resolve(this.entries.get(key));
  }

  compareAndSet(key: string, expected: Pick<StateEntry, "token" | "seq"> | undefined, next: StateEntry): Promise<boolean> {
    const stored = this.entries.get(key);
    if (!sameEntry(stored, expected)) return Promise.resolve(sameEntry(stored, next));
    this.entries.set(key, { token: next.token, seq: next.seq, value: next.value });
    return Promise.resolve(true);
  }

  async *scan(prefix: string): AsyncGenerator<readonly [string, StateEntry]> {
    for (const key of [...this.entries.keys()].filter((one) => one.startsWith(prefix)).sort()) {
      const entry = this.entries.get(key);
      if (entry !== undefined) yield [key, entry];
    }
  }

  remove(key: string): Promise<void> {
    this.entries.delete(key);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Same writer, same write. */
export function sameEntry(a: Pick<StateEntry, "token" | "seq"> | undefined, b: Pick<StateEntry, "token" | "seq"> | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.token === b.token && a.seq === b.seq;
}
