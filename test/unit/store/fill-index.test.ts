import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { RowChange } from "../../../src/model/row.ts";
import type { IndexSchema } from "../../../src/model/schema.ts";
import { keySpace } from "../../../src/store/key-space.ts";
import { ApartStore } from "../../../src/store/apart-store.ts";
import type { StoreChange } from "../../../src/store/ordered-store.ts";
import { TableStore } from "../../../src/store/table-store.ts";
import { expectInStep } from "./index-world.ts";
import { apply, countEntries, describeOverBoth, keyOf, LastingStore, openWorld, type StreamWorld, until } from "./stream-world.ts";

const definedColumns = [
  { name: "c", type: "integer" },
  { name: "s", type: "string" },
] as const;
const index: IndexSchema = { name: "i", keyColumns: ["c"], definedColumns: ["s"], type: "global" };
/** More than two pages of the fill. */
const ROWS = 1200;

const nameOf = (n: number) => `k${String(n).padStart(5, "0")}`;
const putOf = (n: number, c = n): RowChange => ({
  type: "put",
  key: keyOf(nameOf(n)),
  cells: [
    { name: "c", value: BigInt(c) },
    { name: "s", value: `v${c}` },
  ],
});
const load = (world: StreamWorld) =>
  apply(
    world,
    Array.from({ length: ROWS }, (_, n) => putOf(n)),
  );
const filled = ({ table }: StreamWorld) => until(() => table.indexes?.every(({ fillFrom }) => fillFrom === undefined) ?? false);
const fillMarks = { from: Buffer.of(keySpace.indexFill), to: Buffer.of(keySpace.indexFill + 1) };

/** A store whose machine goes down: what is written after that never happened. */
class MortalStore extends LastingStore {
  writesLeft = Number.POSITIVE_INFINITY;

  override async write(changes: readonly StoreChange[], options?: { readonly sync: boolean }): Promise<void> {
    if (this.writesLeft-- <= 0) throw new Error("the machine is down");
    await super.write(changes, options);
  }
}

describeOverBoth("filling an index", (open) => {
  it("adds the rows that are there, and those alone that are written where nothing is to be filled", async () => {
    const world = await open({ definedColumns });
    await load(world);
    await world.store.createIndex(world.table, index, { includeBase: true });
    await world.store.createIndex(world.table, { ...index, name: "from_here" }, { includeBase: false });
    await filled(world);
    await expectInStep(world, world.table, "i");
    await apply(world, [putOf(7, 70)]);
    await expectInStep(world, world.table, "i");
    expect(await countEntries(world.ordered, world.store.catalogue.table("one", "from_here").rows)).toBe(1);
    expect(await countEntries(world.ordered, fillMarks)).toBe(0);
  });

  it("goes on after the store was closed before its end", async () => {
    const world = await open({ definedColumns });
    await load(world);
    await world.store.createIndex(world.table, index, { includeBase: true });
    const again = await world.reopen();
    expect(again.table.indexes![0]!.fillFrom).toBeDefined();
    await apply(again, [putOf(3, 30), { type: "delete", key: keyOf(nameOf(ROWS - 1)) }]);
    await filled(again);
    await expectInStep(again, again.table, "i");
  });

  it("ends with an index that is dropped, and leaves nothing of it", async () => {
    const world = await open({ definedColumns });
    await load(world);
    await world.store.createIndex(world.table, index, { includeBase: true });
    const { rows } = world.store.catalogue.table("one", "i");
    await world.store.dropIndex(world.table, "i");
    await until(async () => (await countEntries(world.ordered, rows)) === 0);
    expect(await countEntries(world.ordered, fillMarks)).toBe(0);
    const again = await world.reopen();
    expect(again.table.indexes).toBeUndefined();
    expect(await countEntries(again.ordered, rows)).toBe(0);
  });
});

describe("filling an index", () => {
  it("goes on where a crash at any of its writes left it, and keeps nothing older than its rows", async () => {
    const positions: (string | undefined)[] = [];
    for (let writes = 0; writes <= 6; writes++) {
      const ordered = new MortalStore();
      const world = await openWorld(ordered, { definedColumns });
      await load(world);
      ordered.writesLeft = writes;
      const made = world.store.createIndex(world.table, index, { includeBase: true }).then(
        () => true,
        () => false,
      );
      await Promise.allSettled([made, until(() => ordered.writesLeft < 0 || world.table.indexes?.[0]?.fillFrom === undefined)]);
      ordered.writesLeft = Number.POSITIVE_INFINITY;
      const [mark] = await ordered.entries(fillMarks).next(1);
      positions.push(mark && Buffer.from(mark.value).toString("latin1", 5));
      const again = await world.reopen();
      expect(again.table.indexes !== undefined, `acknowledged before write ${writes}`).toBe(await made);
      if (again.table.indexes === undefined) continue;
      await apply(again, [putOf(5, 50), putOf(ROWS - 5, 1), { type: "delete", key: keyOf(nameOf(600)) }]);
      await filled(again);
      await expectInStep(again, again.table, "i");
    }
    // Not made; then from the start, after each of three pages, and complete.
    expect(positions).toEqual([undefined, "", ...[499, 999, 1199].map((n) => ` ${nameOf(n)}\0\0\0`), undefined, undefined]);
  });

  it("holds few bytes at a time, however large the rows are", async () => {
    const ordered = new LastingStore();
    const world = await openWorld(ordered, { definedColumns });
    const large = "v".repeat(400_000);
    for (let n = 0; n < 10; n++) {
      const cells = [
        { name: "c", value: BigInt(n) },
        { name: "s", value: large },
      ];
      await apply(world, [{ type: "put", key: keyOf(nameOf(n)), cells }]);
    }
    ordered.writes.length = 0;
    await world.store.createIndex(world.table, index, { includeBase: true });
    await filled(world);
    const entries = ordered.writes.map((changes) => changes.filter(({ key: [space] }) => space === keySpace.row).length);
    expect(entries.filter((count) => count > 0)).toEqual([3, 3, 3, 1]);
    await expectInStep(world, world.table, "i");
  });

  it("lays no entry that is older than its row, when rows change between the page and its turn", async () => {
    const ordered = new LastingStore();
    const world = await openWorld(ordered, { definedColumns });
    await load(world);
    const release = ordered.holdReads();
    await world.store.createIndex(world.table, index, { includeBase: true });
    await apply(world, [putOf(1, 1000), { type: "delete", key: keyOf(nameOf(2)) }, putOf(ROWS)]);
    const written = apply(world, [putOf(3, 3000), { type: "delete", key: keyOf(nameOf(4)) }]);
    release();
    await written;
    await filled(world);
    await expectInStep(world, world.table, "i");
  });

  it("misses no row that was enqueued before the index and written after", async () => {
    const ordered = new LastingStore();
    const world = await openWorld(ordered, { definedColumns });
    const release = ordered.hold();
    const written = apply(world, [putOf(1)]);
    const made = world.store.createIndex(world.table, index, { includeBase: true });
    release();
    await Promise.all([written, made]);
    await filled(world);
    await expectInStep(world, world.table, "i");
  });
});

describe("a dropped index", () => {
  const drops: [string, (world: StreamWorld) => Promise<unknown>][] = [
    ["alone", ({ store, table }) => store.dropIndex(table, "i")],
    ["with its table", ({ store }) => store.deleteTable("one", "t")],
    ["with its instance", ({ store }) => store.dropInstance("one", { force: true })],
  ];
  it.each(drops)("loses its rows after a crash, too: %s", async (_how, drop) => {
    const ordered = new LastingStore();
    const world = await openWorld(ordered, { definedColumns, indexes: [index] });
    await load(world);
    const { rows } = world.store.catalogue.table("one", "i");
    ordered.refusing = true;
    await drop(world);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await countEntries(ordered, rows)).toBe(ROWS);
    ordered.refusing = false;
    await TableStore.open(ordered, { clock: world.clock });
    await until(async () => (await countEntries(ordered, rows)) === 0);
  });
});

describe("an index on disk", () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean();
  });

  it("is filled beside writers of the rows it is filled with", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tableferry-index-"));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const world = await openWorld(await ApartStore.open(join(folder, "level")), { definedColumns });
    cleanups.push(() => world.store.close());
    await load(world);
    await world.store.createIndex(world.table, index, { includeBase: true });
    for (let round = 1; world.table.indexes![0]!.fillFrom !== undefined; round++) {
      await apply(
        world,
        Array.from({ length: 20 }, (_, i) => putOf((i * 61 + round * 7) % ROWS, i + round * 10_000)),
      );
    }
    await expectInStep(world, world.table, "i");
  });
});
