/**
 * Where a job keeps what must survive it: checkpoints, rejects, the run that holds it (engine rules R8, R9). A contract of
 * its own: a Table Store table, a table of the target database, or a locked, fsynced file.
 */
export interface StateEntry {
  /** Names the run that wrote it; fences older runs. */
  readonly token: string;
  /** Grows by one with every accepted write of this key under one token. */
  readonly seq: number;
  /** JSON. */
  readonly value: string;
}

export interface StateStore {
  /** For messages: `table tableferry_state of instance modern`. */
  readonly title: string;
  get(key: string): Promise<StateEntry | undefined>;
  /**
   * Writes `next` when the stored entry has exactly `expected`'s token and seq (`undefined`: when there is none).
   * `true`: stored, also when an answer was lost but reading back shows `next`'s token and seq. `false`: somebody else wrote.
   */
  compareAndSet(key: string, expected: Pick<StateEntry, "token" | "seq"> | undefined, next: StateEntry): Promise<boolean>;
  /** Entries whose key starts with the prefix, in key order. */
  scan(prefix: string): AsyncIterable<readonly [key: string, entry: StateEntry]>;
  /** Removes an entry whatever it holds; for a job started anew by name. */
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}
