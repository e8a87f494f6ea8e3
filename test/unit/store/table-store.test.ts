import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import type { RowChange, UpdateCell } from "../../../src/model/row.ts";
import { defaultTableOptions, type TableOptions, type TableSchema } from "../../../src/model/schema.ts";
import { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import { ApartStore } from "../../../src/store/apart-store.ts";
import { MemoryStore } from "../../../src/store/memory-store.ts";
import type { OrderedStore, StoreChange } from "../../../src/store/ordered-store.ts";
import type { Table } from "../../../src/store/table.ts";
import { TableStore } from "../../../src/store/table-store.ts";
import { decodeRow, decodeRows } from "../../../src/wire/plainbuffer/decode.ts";
import { encodeChange, encodeKey } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const schemaOf = (options: Partial<TableOptions> = {}): TableSchema => ({
  name: "t",
  key: [{ name: "pk", type: "string" }],
  definedColumns: [],
  options: { ...defaultTableOptions, ...options },
  stream: { enabled: false },
  localTransactions: false,
  reserved: { read: 0, write: 0 },
  indexes: [],
});

async function openWithTable(ordered: OrderedStore, clock: VirtualClock, options?: Partial<TableOptions>) {
  const store = await TableStore.open(ordered, { clock });
  cleanups.push(() => store.close());
  await store.catalogue.createInstance("one");
  return { store, table: await store.catalogue.createTable("one", schemaOf(options)) };
}

const keyOf = (pk: string) => [{ name: "pk", value: pk }];

function apply(store: TableStore, table: Table, changes: readonly RowChange[]): Promise<void> {
  const batch = store.beginWrite();
  for (const change of changes) {
    const walker = new RowWalker().open(encodeChange(change));
    walker.next();
    batch[change.type](table, walker, { existence: "ignore" });
  }
  return batch.commit();
}

function read(store: TableStore, table: Table, pk: string, maxVersions = 99) {
  const walker = new RowWalker().open(encodeKey(keyOf(pk)));
  walker.next();
  return decodeRow(store.getRow(table, walker, store.reader(table, { maxVersions })).row);
}

const everything = { direction: "forward", start: [INF_MIN], end: [INF_MAX], selection: { maxVersions: 99 } } as const;
const rangeOf = async (store: TableStore, table: Table) => decodeRows((await store.readRange(table, everything)).rows);

async function countEntries(ordered: OrderedStore, table: Table): Promise<number> {
  const cursor = ordered.entries(table.rows);
  const entries = await cursor.next(10_000);
  await cursor.close();
  return entries.length;
}

/** What the store must do, in the plainest form: rows of columns of versions. */
class Model {
  readonly rows = new Map<string, Map<string, Map<number, bigint>>>();
  readonly #maxVersions: number;

  constructor(maxVersions: number) {
    this.#maxVersions = maxVersions;
  }

  apply(change: RowChange, now: number): void {
    const pk = String(change.key[0]!.value);
    if (change.type === "delete") return void this.rows.delete(pk);
    if (change.type === "put") this.rows.set(pk, new Map());
    else if (!this.rows.has(pk) && change.cells.every(({ op }) => op === "deleteAll" || op === "deleteOne")) return;
    const row = this.rows.get(pk) ?? new Map<string, Map<number, bigint>>();
    this.rows.set(pk, row);
    const cells: readonly UpdateCell[] = change.type === "put" ? change.cells.map((cell) => ({ op: "put", ...cell })) : change.cells;
    for (const cell of cells) this.#applyCell(row, cell, now);
    for (const [name, versions] of row) {
      const kept = [...versions].sort(([a], [b]) => b - a).slice(0, this.#maxVersions);
      if (kept.length === 0) row.delete(name);
      else row.set(name, new Map(kept));
    }
  }

  #applyCell(row: Map<string, Map<number, bigint>>, cell: UpdateCell, now: number): void {
    const versions = row.get(cell.name) ?? new Map<number, bigint>();
    row.set(cell.name, versions);
    const newest = Math.max(...versions.keys());
    if (cell.op === "put") versions.set(cell.timestamp ?? now, cell.value as bigint);
    else if (cell.op === "deleteAll") versions.clear();
    else if (cell.op === "deleteOne") versions.delete(cell.timestamp);
    else versions.set(Math.max(now, newest), (versions.get(newest) ?? 0n) + cell.by);
  }

  listing(): string[] {
    return [...this.rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([pk, row]) => {
        const columns = [...row].sort(([a], [b]) => (a < b ? -1 : 1));
        return `${pk}: ${columns.flatMap(([name, versions]) => [...versions].map(([version, value]) => `${name}@${version}=${value}`)).join(" ")}`;
      });
  }
}

const listingOf = (rows: Awaited<ReturnType<typeof rangeOf>>) =>
  rows.map(({ key, cells }) => `${key[0]!.value}: ${cells.map(({ name, value, timestamp }) => `${name}@${timestamp}=${value}`).join(" ")}`);

const changes = (start: number) => {
  const name = fc.constantFrom("a", "b", "ab", "c");
  const pk = fc.constantFrom("x", "y", "z").map(keyOf);
  const timestamp = fc.option(fc.integer({ min: start - 3, max: start + 3 }), { nil: undefined });
  const value = fc.bigInt({ min: -9n, max: 9n });
  const cell: fc.Arbitrary<UpdateCell> = fc.oneof(
    fc.record({ op: fc.constant("put" as const), name, value, timestamp }),
    fc.record({ op: fc.constant("deleteAll" as const), name }),
    fc.record({ op: fc.constant("deleteOne" as const), name, timestamp: fc.integer({ min: start - 3, max: start + 3 }) }),
    fc.record({ op: fc.constant("increment" as const), name, by: value }),
  );
  const putCell = fc.record({ name, value, timestamp });
  return fc.oneof(
    fc.record({ type: fc.constant("put" as const), key: pk, cells: fc.array(putCell, { maxLength: 6 }) }),
    fc.record({ type: fc.constant("update" as const), key: pk, cells: fc.array(cell, { minLength: 1, maxLength: 6 }) }),
    fc.record({ type: fc.constant("delete" as const), key: pk }),
  );
};

describe("table store", () => {
  it("holds what a map of rows, columns and versions holds, after any changes in any batches", async () => {
    const clock = new VirtualClock();
    const batches = fc.array(fc.array(changes(clock.now()), { maxLength: 8 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 3 }), async (all, maxVersions) => {
        const { store, table } = await openWithTable(new MemoryStore(), clock, { maxVersions });
        const model = new Model(maxVersions);
        for (const batch of all) {
          await apply(store, table, batch);
          for (const change of batch) model.apply(change, clock.now());
        }
        expect(listingOf(await rangeOf(store, table))).toEqual(model.listing());
        for (const pk of ["x", "y", "z"]) expect(read(store, table, pk) !== undefined).toBe(model.rows.has(pk));
      }),
      { numRuns: 300 },
    );
  });

  it("writes rows whose checksums hold and whose cells are in order, whatever was written", async () => {
    const clock = new VirtualClock();
    const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(names, async (columns) => {
        const { store, table } = await openWithTable(new MemoryStore(), clock);
        await apply(store, table, [{ type: "put", key: keyOf("x"), cells: columns.map((name) => ({ name, value: name })) }]);
        expect(read(store, table, "x")!.cells.map(({ name }) => name)).toEqual(
          columns.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("sweeps expired rows and cells out of storage, and leaves what is alive", async () => {
    const clock = new VirtualClock();
    const ordered = new MemoryStore();
    const { store, table } = await openWithTable(ordered, clock, { timeToLive: 86_400, maxVersions: 2 });
    const put = (pk: string, name: string): RowChange => ({ type: "update", key: keyOf(pk), cells: [{ op: "put", name, value: 1n }] });
    await apply(store, table, [put("dead", "a"), put("half", "a"), put("half", "b")]);
    await clock.advance(60_000_000);
    await apply(store, table, [put("half", "b"), put("alive", "a")]);
    // Short of the next sweep of its own.
    await clock.advance(29_000_000);
    expect(await store.sweep()).toBe(2);
    expect(await countEntries(ordered, table)).toBe(2);
    expect(listingOf(await rangeOf(store, table)).map((row) => row.replace(/@\d+/g, ""))).toEqual(["alive: a=1", "half: b=1"]);
    expect(await store.sweep()).toBe(0);
  });

  it("sweeps by itself within the hour", async () => {
    const clock = new VirtualClock();
    const ordered = new MemoryStore();
    const { store, table } = await openWithTable(ordered, clock, { timeToLive: 86_400 });
    await apply(store, table, [{ type: "put", key: keyOf("x"), cells: [] }]);
    await clock.advance(86_400_000);
    expect(await countEntries(ordered, table)).toBe(1);
    await clock.advance(3_600_000);
    expect(await countEntries(ordered, table)).toBe(0);
  });

  it("removes the rows of a dropped table from storage", async () => {
    const clock = new VirtualClock();
    const ordered = new MemoryStore();
    const { store, table } = await openWithTable(ordered, clock);
    for (let i = 0; i < 30; i++) {
      await apply(
        store,
        table,
        Array.from({ length: 100 }, (_, j) => ({ type: "put", key: keyOf(`${i}-${j}`), cells: [] }) as const),
      );
    }
    await store.deleteTable("one", "t");
    await new Promise((resolve) => setImmediate(resolve));
    expect(await countEntries(ordered, table)).toBe(0);
    const marks = ordered.entries({ from: Buffer.of(3), to: Buffer.of(5) });
    expect(await marks.next(10)).toEqual([]);
  });

  it("goes on removing dropped rows where a crash had interrupted it", async () => {
    const clock = new VirtualClock();
    const ordered = new StubbornStore();
    const { store, table } = await openWithTable(ordered, clock);
    await apply(store, table, [{ type: "put", key: keyOf("x"), cells: [] }]);
    ordered.refusing = true;
    await store.deleteTable("one", "t");
    await new Promise((resolve) => setImmediate(resolve));
    expect(await countEntries(ordered, table)).toBe(1);
    ordered.refusing = false;
    await TableStore.open(ordered, { clock });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await countEntries(ordered, table)).toBe(0);
  });

  it("refuses writes to a table that was dropped while they were on their way", async () => {
    const { store, table } = await openWithTable(new MemoryStore(), new VirtualClock());
    const dropped = store.deleteTable("one", "t");
    await expect((async () => apply(store, table, [{ type: "put", key: keyOf("x"), cells: [] }]))()).rejects.toMatchObject({
      code: "OTSObjectNotExist",
    });
    await dropped;
  });

  it("answers a refusal only when what it rests on is durable", async () => {
    const ordered = new StubbornStore();
    const { store, table } = await openWithTable(ordered, new VirtualClock());
    const release = ordered.hold();
    const written = apply(store, table, [{ type: "put", key: keyOf("x"), cells: [] }]);
    const batch = store.beginWrite();
    const walker = new RowWalker().open(encodeChange({ type: "put", key: keyOf("x"), cells: [] }));
    walker.next();
    expect(() => batch.put(table, walker, { existence: "expectNotExist" })).toThrow("Condition check failed.");
    let told = false;
    const settled = batch.settled().then(() => (told = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toBe(false);
    release();
    await Promise.all([written, settled]);
  });
});

describe("table store on disk", () => {
  it("finds split points that follow the stored sizes, in a table too large to count", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tableferry-splits-"));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const { store, table } = await openWithTable(await ApartStore.open(join(folder, "level")), new VirtualClock());
    // The first tenth of the rows is ten times as large as the others: half of the bytes. Random, so that it does not shrink on disk.
    const rows = 50_000;
    const bytes = Buffer.alloc(16_000);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 2_654_435_761) >>> 11;
    for (let from = 0; from < rows; from += 100) {
      await apply(
        store,
        table,
        Array.from({ length: 100 }, (_, i) => {
          const n = from + i;
          const size = n < rows / 10 ? 5000 : 500;
          const value = Buffer.from(bytes.subarray(n % 10_000, (n % 10_000) + size)).map((byte, at) => byte ^ (n >> (at % 13)));
          return { type: "put", key: keyOf(String(n).padStart(6, "0")), cells: [{ name: "v", value }] } as const;
        }),
      );
    }
    const total = rows * 0.1 * 5000 + rows * 0.9 * 500;
    const points = (await store.splitPoints(table, total / 4, 100)).map((point) => Number(new TextDecoder().decode(decodeKeyText(point))));
    expect(points.length).toBeGreaterThanOrEqual(3);
    expect(points.length).toBeLessThanOrEqual(4);
    const sizeBefore = (n: number) => Math.min(n, rows / 10) * 5000 + Math.max(0, n - rows / 10) * 500;
    for (const [i, point] of points.slice(0, 3).entries()) {
      expect(Math.abs(sizeBefore(point) / total - (i + 1) / 4)).toBeLessThan(0.08);
    }
  });
});

function decodeKeyText(key: Uint8Array): Uint8Array {
  const walker = new RowWalker().open(key);
  walker.next();
  return key.subarray(walker.valueAt[0]! + 5, walker.valueEnd[0]!);
}

/** A store that can refuse unsynced writes, or hold all of them. */
class StubbornStore extends MemoryStore {
  refusing = false;
  #held: Promise<void> | undefined;

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  override async write(changes: readonly StoreChange[], options?: { readonly sync: boolean }): Promise<void> {
    await this.#held;
    if (this.refusing && options?.sync === false) throw new Error("refused");
    await super.write(changes);
  }
}
