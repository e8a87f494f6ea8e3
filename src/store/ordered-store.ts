/**
 * The ordered key-value store everything is laid over. Keys are ordered by unsigned bytes. Two implementations, one
 * suite (test/unit/store/ordered-store-contract.ts): `level-store.ts` on disk and `memory-store.ts`.
 */
export interface OrderedStore {
  /** False for a store that forgets everything when the process ends. */
  readonly durable: boolean;

  /**
   * The value last committed, or undefined. Synchronous on purpose: a cached point read costs 2 to 3 µs of CPU this way and
   * 50 to 70 µs over the thread pool, and reading and deciding within one turn of the event loop needs no latch.
   */
  get(key: Uint8Array): Uint8Array | undefined;

  /**
   * Applies all changes or none, in order. With `sync` the promise settles only when a power cut can no longer lose
   * them; without, a crash of the process alone loses nothing. The buffers must stay unchanged until the promise settles; the store
   * copies what it keeps.
   * @throws TF_STORE_FULL, TF_STORE_UNWRITABLE, TF_STORE_CORRUPT. After a rejection nothing further may be written: the log may end in half a record.
   */
  write(changes: readonly StoreChange[], options: WriteOptions): Promise<void>;

  /** A write that is put together bit by bit: a store may take in what is added while another write is under way, so that this one begins at once behind it. */
  batch(options: WriteOptions): StoreBatch;

  /** A cursor over the entries of `range`, as they were when it was made; later writes do not show. Close it. */
  entries(range: KeyRange, snapshot?: Snapshot): Cursor<Entry>;

  /** Like `entries`, values only: cheaper where the value says what the key is. */
  values(range: KeyRange, snapshot?: Snapshot): Cursor<Uint8Array>;

  /** Like `entries`, keys only: for those who count or remove. */
  keys(range: KeyRange, snapshot?: Snapshot): Cursor<Uint8Array>;

  /** The state of this moment, for several reads that must agree. Close it. */
  snapshot(): Snapshot;

  /**
   * Bytes that [from, to) takes in storage, roughly: on disk compressed, in whole blocks, and without the last few megabytes written,
   * which are not in sorted files yet.
   */
  approximateSize(from: Uint8Array, to: Uint8Array): Promise<number>;

  /** Waits for writes in flight, then frees everything, cursors included. Closing twice is allowed. */
  close(): Promise<void>;
}

export interface WriteOptions {
  readonly sync: boolean;
}

/** Changes that are to be applied at once; until they are written, nobody sees them, and a batch that never is changes nothing. */
export interface StoreBatch {
  /** Adds changes behind those that are in it. Their buffers must stay unchanged until `write` settles. */
  add(changes: readonly StoreChange[]): void;
  /**
   * There where a part of what was added goes elsewhere first: brings that there, which may be done while another batch is being written. `write` does it too.
   * Nothing can be added any more.
   */
  stage?: (() => Promise<void>) | undefined;
  /** Writes them like `write` of the store; once, and nothing can be added any more. */
  write(): Promise<void>;
}

/** What rows are read from: a store, or what a transaction sees of it. */
export type RowSource = Pick<OrderedStore, "get" | "values">;

export type StoreChange =
  { readonly type: "put"; readonly key: Uint8Array; readonly value: Uint8Array } | { readonly type: "del"; readonly key: Uint8Array };

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** [from, to) in byte order; `reverse` starts at its upper end. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly reverse?: boolean | undefined;
}

export interface Cursor<Item> {
  /**
   * The next items, at most `count` of them, possibly fewer; none at all only at the end. One call at a time. `ahead`: so many will be asked for
   * next, and a store that reads in another thread may begin to; what the next call brings then is at most that, whatever it asks for.
   */
  next(count: number, ahead?: number): Promise<readonly Item[]>;
  close(): Promise<void>;
}

export interface Snapshot {
  close(): Promise<void>;
}
