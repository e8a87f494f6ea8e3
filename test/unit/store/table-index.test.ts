import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RowChange, UpdateCell } from "../../../src/model/row.ts";
import type { IndexSchema } from "../../../src/model/schema.ts";
import type { Value } from "../../../src/model/value.ts";
import { decodeRow } from "../../../src/wire/plainbuffer/decode.ts";
import { encodeKey } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";
import { expectInStep, scan } from "./index-world.ts";
import { apply, countEntries, daily, describeOverBoth, LastingStore, openWorld, until, type WorldOptions } from "./stream-world.ts";

const key = [
  { name: "pk", type: "string" },
  { name: "n", type: "integer" },
] as const;
const definedColumns = [
  { name: "c", type: "integer" },
  { name: "s", type: "string" },
  { name: "b", type: "binary" },
  { name: "d", type: "double" },
] as const;
const byInteger: IndexSchema = { name: "by_integer", keyColumns: ["c"], definedColumns: ["s", "d"], type: "global" };
const byTwo: IndexSchema = { name: "by_two", keyColumns: ["s", "b"], definedColumns: [], type: "global" };
const byKey: IndexSchema = { name: "by_key", keyColumns: ["n"], definedColumns: ["c"], type: "global" };
const local: IndexSchema = { name: "local", keyColumns: ["pk", "c"], definedColumns: ["d", "b", "s"], type: "local" };
const indexes = [byInteger, byTwo, byKey, local];
const all: WorldOptions = { key, definedColumns, indexes };

const keyOf = (pk: string, n = 0n) => [
  { name: "pk", value: pk },
  { name: "n", value: n },
];
const putOf = (pk: string, values: Readonly<Record<string, Value>>): RowChange => ({
  type: "put",
  key: keyOf(pk),
  cells: Object.entries(values).map(([name, value]) => ({ name, value })),
});

/** Values of the columns' types, of other types, and too long for a key. */
const cellOf = fc.oneof(
  fc.record({ name: fc.constant("c"), value: fc.bigInt({ min: -2n, max: 2n }) }),
  fc.record({ name: fc.constant("s"), value: fc.constantFrom("", "s", "\0\u0001", "ü", "s".repeat(1025)) }),
  fc.record({ name: fc.constant("b"), value: fc.uint8Array({ maxLength: 2 }) }),
  fc.record({ name: fc.constantFrom("d", "c", "aa", "zz"), value: fc.double({ noNaN: true }) }),
);
const changeOf = (): fc.Arbitrary<RowChange> => {
  const rowKey = fc.record({ pk: fc.constantFrom("x", "y"), n: fc.bigInt({ min: 0n, max: 1n }) }).map(({ pk, n }) => keyOf(pk, n));
  const cell: fc.Arbitrary<UpdateCell> = fc.oneof(
    cellOf.map((one) => ({ op: "put" as const, ...one })),
    fc.record({ op: fc.constant("deleteAll" as const), name: fc.constantFrom("c", "s", "b", "d") }),
  );
  const putCells = fc.uniqueArray(cellOf, { selector: ({ name }) => name, maxLength: 6 });
  return fc.oneof(
    fc.record({ type: fc.constant("put" as const), key: rowKey, cells: putCells }),
    fc.record({ type: fc.constant("update" as const), key: rowKey, cells: fc.array(cell, { minLength: 1, maxLength: 4 }) }),
    fc.record({ type: fc.constant("delete" as const), key: rowKey }),
  );
};
const batches = fc.array(fc.array(changeOf(), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 });

describe("index", () => {
  it("holds at every step what a scan of its table makes of it, after any changes in any batches", async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (steps) => {
        const world = await openWorld(new LastingStore(), all);
        for (const step of steps) {
          await apply(world, step);
          for (const { name } of indexes) await expectInStep(world, world.table, name);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("holds the same when it is made at any step over rows that are there, while writes go on", async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.nat(8), async (steps, at) => {
        const world = await openWorld(new LastingStore(), { key, definedColumns });
        const made: Promise<void>[] = [];
        for (const [number, step] of steps.entries()) {
          const written = apply(world, step);
          if (number === at % steps.length) {
            for (const index of indexes) made.push(world.store.createIndex(world.table, index, { includeBase: true }));
          }
          await written;
        }
        await Promise.all(made);
        await until(() => world.table.indexes!.every(({ fillFrom }) => fillFrom === undefined));
        for (const { name } of indexes) await expectInStep(world, world.table, name);
      }),
      { numRuns: 200 },
    );
  });

  it("leaves no entry of a row that had expired, unswept, when it was written anew", async () => {
    const anew: RowChange[] = [putOf("x", { c: 2n }), { type: "update", key: keyOf("x"), cells: [{ op: "put", name: "c", value: 2n }] }];
    for (const change of anew) {
      const world = await openWorld(new LastingStore(), { ...all, options: { timeToLive: 86_400, allowUpdate: false } });
      await apply(world, [putOf("x", { c: 1n })]);
      await world.clock.advance(86_400_001);
      const { rows } = world.store.catalogue.table("one", "by_integer");
      expect(await countEntries(world.ordered, rows)).toBe(1);
      await apply(world, [change]);
      expect(await countEntries(world.ordered, rows)).toBe(1);
      await expectInStep(world, world.table, "by_integer");
    }
  });
});

describeOverBoth("index", (open) => {
  it("is read by its own key, which ends with the rest of its table's", async () => {
    const world = await open(all);
    await apply(world, [putOf("x", { c: 7n, s: "text", d: 1.5, b: Buffer.of(1), other: true })]);
    const index = world.store.catalogue.table("one", "by_integer");
    expect(index.schema.key.map(({ name }) => name)).toEqual(["c", "pk", "n"]);
    const entry = [{ name: "c", value: 7n }, ...keyOf("x")];
    const walker = new RowWalker().open(encodeKey(entry));
    walker.next();
    const row = decodeRow(world.store.getRow(index, walker, world.store.reader(index, { maxVersions: 1 })).row);
    expect(row?.key).toEqual(entry);
    expect(row?.cells.map(({ name, value, timestamp }) => [name, value, timestamp])).toEqual([
      ["d", 1.5, world.clock.now()],
      ["s", "text", world.clock.now()],
    ]);
  });

  it("is there, and in step, after a restart", async () => {
    const first = await open(all);
    await apply(first, [putOf("x", { c: 1n }), putOf("y", { c: 2n })]);
    const world = await first.reopen();
    await apply(world, [putOf("x", { c: 3n }), { type: "delete", key: keyOf("y") }, putOf("z", { s: "no key" })]);
    for (const { name } of indexes) await expectInStep(world, world.table, name);
    expect((await scan(world.store, world.store.catalogue.table("one", "by_integer"))).map(({ key: [column] }) => column!.value)).toEqual([
      3n,
    ]);
  });

  it("shares no row with an index of the same name that was dropped, whose rows go", async () => {
    const world = await open(all);
    await apply(world, [putOf("x", { c: 1n })]);
    const old = world.store.catalogue.table("one", "by_integer");
    await world.store.dropIndex(world.table, "by_integer");
    await world.store.createIndex(world.table, byInteger, { includeBase: false });
    expect(await scan(world.store, world.store.catalogue.table("one", "by_integer"))).toEqual([]);
    await until(async () => (await countEntries(world.ordered, old.rows)) === 0);
    await apply(world, [putOf("y", { c: 2n })]);
    expect(await scan(world.store, world.store.catalogue.table("one", "by_integer"))).toHaveLength(1);
    const again = await world.reopen();
    expect(again.table.schema.indexes.map(({ name }) => name)).toEqual(["by_two", "by_key", "local", "by_integer"]);
    await expectInStep(again, again.table, "by_two");
  });

  it("goes with its table, names and rows", async () => {
    const world = await open(all);
    await apply(world, [putOf("x", { c: 1n, s: "s", b: Buffer.of(1) })]);
    const tables = indexes.map(({ name }) => world.store.catalogue.table("one", name));
    await world.store.deleteTable("one", "t");
    for (const { name } of indexes) expect(() => world.store.catalogue.table("one", name)).toThrow("Requested table does not exist.");
    for (const { rows } of tables) await until(async () => (await countEntries(world.ordered, rows)) === 0);
  });

  it("goes with its instance, and does not count as one of its tables", async () => {
    const world = await open(all);
    await apply(world, [putOf("x", { c: 1n })]);
    await expect(world.store.dropInstance("one", { force: false })).rejects.toThrow("1 table(s)");
    const { rows } = world.store.catalogue.table("one", "by_key");
    await world.store.dropInstance("one", { force: true });
    await until(async () => (await countEntries(world.ordered, rows)) === 0);
  });

  it("expires with what it was made of, and its entries are swept with their rows", async () => {
    const options = { timeToLive: 86_400, allowUpdate: false };
    const world = await open({ ...all, options });
    const hour = 3_600_000;
    const put = (pk: string, ages: Readonly<Record<string, number>>): RowChange => ({
      type: "put",
      key: keyOf(pk),
      cells: Object.entries(ages).map(([name, age]) => ({
        name,
        value: name === "c" ? 1n : name,
        timestamp: world.clock.now() - age * hour,
      })),
    });
    await apply(world, [put("key first", { c: 12, s: 0 }), put("key last", { c: 0, s: 12 }), put("empty", {}), put("other", { zz: 0 })]);
    // Short of the next sweep, half a day and a whole one.
    for (const hours of [0, 12.1, 11.8, 0.3]) {
      await world.clock.advance(hours * hour);
      for (const { name } of indexes) await expectInStep(world, world.table, name);
    }
    await world.store.sweep();
    for (const { name } of indexes) {
      await expectInStep(world, world.table, name);
      const { rows } = world.store.catalogue.table("one", name);
      const alive = (await scan(world.store, world.store.catalogue.table("one", name))).length;
      // The hourly sweep may have been at it, too, and be on its way to the disk.
      await until(async () => (await countEntries(world.ordered, rows)) === alive);
    }
  });

  it("takes the newest version of columns that had several before their table was held to one", async () => {
    const world = await open({ key, definedColumns, options: { maxVersions: 3 } });
    for (const c of [1n, 2n, 3n]) {
      await apply(world, [{ type: "update", key: keyOf("x"), cells: [{ op: "put", name: "c", value: c }] }]);
      await world.clock.advance(1);
    }
    const { record, schema } = world.table;
    await world.store.catalogue.updateTable(world.table, {
      ...record,
      schema: { ...schema, options: { ...schema.options, maxVersions: 1 } },
    });
    await world.store.createIndex(world.table, byInteger, { includeBase: true });
    await until(() => world.table.indexes![0]!.fillFrom === undefined);
    await expectInStep(world, world.table, "by_integer");
    await apply(world, [{ type: "update", key: keyOf("x"), cells: [{ op: "increment", name: "c", by: 5n }] }]);
    await expectInStep(world, world.table, "by_integer");
  });

  it("has no stream, no second partition and no name of its own among the tables", async () => {
    const world = await open(all);
    const index = world.store.catalogue.table("one", "local");
    expect(() => world.store.streams.enable(index, daily)).toThrow("Can't update index table directly.");
    await expect(world.store.streams.splitPartition(index, ["x"])).rejects.toThrow("an index has one partition");
    await expect(world.store.catalogue.updateTable(index, index.record)).rejects.toThrow("Can't update index table directly.");
    expect(world.store.catalogue.tables("one").map(({ name }) => name)).toEqual(["t"]);
  });

  it("stands in the records of a stream of its table in no way", async () => {
    const world = await open(all);
    const stream = await world.store.streams.enable(world.table, daily);
    await apply(world, [putOf("x", { c: 1n }), putOf("x", { c: 2n })]);
    const { records } = await world.store.streams.read(stream.shards[0]!, 0, { limit: 10, bytes: 1 << 20 });
    expect(records.map(({ action }) => action)).toEqual(["put", "put"]);
    await expectInStep(world, world.table, "by_integer");
  });
});

describe("a table's write", () => {
  it("lays its row and every entry in one batch", async () => {
    const world = await openWorld(new LastingStore(), all);
    await apply(world, [putOf("x", { c: 1n, s: "s", b: Buffer.of(1) })]);
    world.ordered.writes.length = 0;
    await apply(world, [putOf("x", { c: 2n, s: "s", b: Buffer.of(1) })]);
    expect(world.ordered.writes).toHaveLength(1);
    // Two entries move with the value, two stay where they are.
    expect(world.ordered.writes[0]!.map(({ type }) => type).toSorted()).toEqual(["del", "del", "put", "put", "put", "put", "put"]);
  });

  it("is one entry where there is no index", async () => {
    const world = await openWorld(new LastingStore(), { key, definedColumns });
    world.ordered.writes.length = 0;
    await apply(world, [putOf("x", { c: 1n })]);
    expect(world.ordered.writes.map((changes) => changes.length)).toEqual([1]);
  });
});
