import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import type { RowChange } from "../../../src/model/row.ts";
import { defaultTableOptions, type DefinedColumn, type IndexSchema, type KeySchema, type TableOptions } from "../../../src/model/schema.ts";
import { ApartStore } from "../../../src/store/apart-store.ts";
import { MemoryStore } from "../../../src/store/memory-store.ts";
import type { Cursor, Entry, KeyRange, OrderedStore, Snapshot, StoreChange } from "../../../src/store/ordered-store.ts";
import type { ChangeRecord, Shard, Stream, StreamOptions } from "../../../src/store/stream.ts";
import type { Table } from "../../../src/store/table.ts";
import { TableStore } from "../../../src/store/table-store.ts";
import { decodeStreamRecord } from "../../../src/wire/plainbuffer/decode-change.ts";
import { encodeChange } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";

export const daily: StreamOptions = { expirationHours: 24, originColumns: [] };
export const HOUR_MS = 3_600_000;

/** A clock that can be set back, as machines' clocks are. */
export class UnsteadyClock extends VirtualClock {
  backMs = 0;

  override now(): number {
    return super.now() - this.backMs;
  }

  override nowMicros(): number {
    return super.nowMicros() - this.backMs * 1000;
  }
}

/** A memory store that outlives who uses it, notes what it is given, and can hold reads and writes or refuse some. */
export class LastingStore extends MemoryStore {
  readonly writes: (readonly StoreChange[])[] = [];
  /** True: refuses what is written beside the commit queue. */
  refusing = false;
  #held: Promise<void> | undefined;
  #readsHeld: Promise<void> | undefined;

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  /** Cursors made from now on see what is there now, but hand it out only when released. */
  holdReads(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#readsHeld = promise;
    return resolve;
  }

  override entries(range: KeyRange, snapshot?: Snapshot): Cursor<Entry> {
    const cursor = super.entries(range, snapshot);
    const held = this.#readsHeld;
    return { next: async (count) => (await held, cursor.next(count)), close: () => cursor.close() };
  }

  override async write(changes: readonly StoreChange[], options?: { readonly sync: boolean }): Promise<void> {
    await this.#held;
    if (this.refusing && options?.sync === false) throw new Error("refused");
    this.writes.push(changes);
    await super.write(changes);
  }

  override async close(): Promise<void> {}
}

export interface StreamWorld<Ordered extends OrderedStore = OrderedStore> {
  readonly ordered: Ordered;
  readonly store: TableStore;
  readonly table: Table;
  readonly clock: UnsteadyClock;
  /** What is there after a restart. */
  reopen(): Promise<StreamWorld>;
}

export interface WorldOptions {
  readonly key?: readonly KeySchema[];
  readonly definedColumns?: readonly DefinedColumn[];
  readonly indexes?: readonly IndexSchema[];
  readonly options?: Partial<TableOptions>;
  readonly partitionBytesMax?: number | undefined;
  readonly localTransactions?: boolean;
}

export const stringKey: readonly KeySchema[] = [{ name: "pk", type: "string" }];

export async function openWorld<Ordered extends OrderedStore>(
  ordered: Ordered,
  world: WorldOptions = {},
  again: () => Promise<OrderedStore> = async () => ordered,
  clock = new UnsteadyClock(),
): Promise<StreamWorld<Ordered>> {
  const { key = stringKey, definedColumns = [], indexes = [], options = {}, partitionBytesMax, localTransactions = false } = world;
  const store = await TableStore.open(ordered, { clock, partitionBytesMax });
  if (await store.catalogue.createInstance("one")) {
    await store.catalogue.createTable("one", {
      name: "t",
      key,
      definedColumns,
      options: { ...defaultTableOptions, ...options },
      stream: { enabled: false },
      localTransactions,
      reserved: { read: 0, write: 0 },
      indexes,
    });
  }
  const table = store.catalogue.table("one", "t");
  const reopen = async () => {
    await store.close();
    return openWorld(await again(), world, again, clock);
  };
  return { ordered, store, table, clock, reopen };
}

/** Runs a suite over a store in memory and one on disk, each test with its own. */
export function describeOverBoth(name: string, suite: (open: (options?: WorldOptions) => Promise<StreamWorld>) => void): void {
  describe(`${name}, in memory`, () => suite((options) => openWorld(new LastingStore(), options)));
  describe(`${name}, on disk`, () => {
    const cleanups: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      for (const clean of cleanups.splice(0).reverse()) await clean();
    });
    suite(async (options) => {
      const folder = await mkdtemp(join(tmpdir(), "tableferry-stream-"));
      let level: ApartStore | undefined;
      cleanups.push(
        () => rm(folder, { recursive: true, force: true }),
        () => level!.close(),
      );
      const open = async () => {
        await level?.close();
        return (level = await ApartStore.open(join(folder, "level")));
      };
      return openWorld(await open(), options, open);
    });
  });
}

export const keyOf = (pk: string) => [{ name: "pk", value: pk }];
export const putOf = (pk: string, value: bigint): RowChange => ({ type: "put", key: keyOf(pk), cells: [{ name: "v", value }] });

/** Writes the changes as one batch. */
export function apply({ store, table }: Pick<StreamWorld, "store" | "table">, changes: readonly RowChange[]): Promise<void> {
  const batch = store.beginWrite();
  for (const change of changes) {
    const walker = new RowWalker().open(encodeChange(change));
    walker.next();
    batch[change.type](table, walker, { existence: "ignore" });
  }
  return batch.commit();
}

/** Everything of a shard from a position on, read in small pages. */
export async function readAll({ store }: Pick<StreamWorld, "store">, shard: Shard, from = store.streams.oldest(shard)) {
  const records: ChangeRecord[] = [];
  for (;;) {
    const page = await store.streams.read(shard, from, { limit: 3, bytes: 1 << 20 });
    records.push(...page.records);
    from = page.next;
    if (!page.more) return { records, next: from, ended: page.ended };
  }
}

/** Everything of a stream as it must be read: a parent to its end before its children. */
export async function readStream(world: Pick<StreamWorld, "store">, stream: Stream): Promise<ChangeRecord[]> {
  const records: ChangeRecord[] = [];
  for (const shard of stream.shards) records.push(...(await readAll(world, shard)).records);
  return records;
}

/** Records as `action key column=value…`, for tests that look at no more. */
export function textOf({ action, record }: ChangeRecord): string {
  const { key, cells } = decodeStreamRecord(record);
  const values = cells.map((cell) => (cell.op === "put" ? `${cell.name}=${cell.value}` : `${cell.op} ${"name" in cell ? cell.name : ""}`));
  return [action, ...key.map(({ value }) => String(value)), ...values].join(" ");
}

export async function countEntries(ordered: OrderedStore, range: KeyRange): Promise<number> {
  const cursor = ordered.entries(range);
  let count = 0;
  for (let page = await cursor.next(1000); page.length > 0; page = await cursor.next(1000)) count += page.length;
  await cursor.close();
  return count;
}

/** Where changes and the marks of removed streams lie. */
export const changeSpace = { from: Buffer.of(0x20), to: Buffer.of(0x22) };

/** Lets background work run until what it leads to is there. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100_000; i++) {
    if (await what()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it did not come to pass");
}
