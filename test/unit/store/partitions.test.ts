import { describe, expect, it } from "vitest";
import type { RowChange } from "../../../src/model/row.ts";
import { cutsAt } from "../../../src/store/partitions.ts";
import type { Shard } from "../../../src/store/stream.ts";
import { decodeRealKey } from "../../../src/wire/plainbuffer/decode.ts";
import { decodeStreamRecord } from "../../../src/wire/plainbuffer/decode-change.ts";
import {
  apply,
  daily,
  describeOverBoth,
  HOUR_MS,
  keyOf,
  LastingStore,
  openWorld,
  putOf,
  readAll,
  readStream,
  type StreamWorld,
  textOf,
  until,
} from "./stream-world.ts";

/** Values at which the table is cut. */
const cutsOf = ({ table }: StreamWorld) =>
  (table.record.cuts ?? []).map((cut) => String(decodeRealKey(Buffer.from(cut, "base64"))[0]!.value));

const row = (pk: string, bytes: number): RowChange => ({
  type: "put",
  key: keyOf(pk),
  cells: [{ name: "v", value: Buffer.alloc(bytes, pk) }],
});

describeOverBoth("partitions", (open) => {
  it("keep the order of each key's changes from a parent to its children, under writes that never rest", async () => {
    const world = await open();
    const stream = await world.store.streams.enable(world.table, daily);
    const keys = ["a", "f", "k", "p", "u", "z"];
    const writing: Promise<void>[] = [];
    for (let round = 0; round < 40; round++) {
      writing.push(
        apply(
          world,
          keys.map((key) => putOf(key, BigInt(round))),
        ),
      );
      if (round % 10 === 5) writing.push(world.store.streams.splitPartition(world.table, [keys[(round + 5) / 10]!]));
    }
    await Promise.all(writing);
    const seen = new Map<string, bigint[]>();
    for (const { record } of await readStream(world, stream)) {
      const { key, cells } = decodeStreamRecord(record);
      const [cell] = cells;
      const pk = String(key[0]!.value);
      seen.set(pk, [...(seen.get(pk) ?? []), cell?.op === "put" ? (cell.value as bigint) : -1n]);
    }
    expect([...seen.keys()].sort()).toEqual(keys);
    for (const values of seen.values()) expect(values).toEqual(Array.from({ length: 40 }, (_, round) => BigInt(round)));
    expect(stream.shards).toHaveLength(9);
  });

  it("split into two children of one parent, which is closed and read to its end", async () => {
    const world = await open();
    const { streams } = world.store;
    const stream = await streams.enable(world.table, daily);
    await apply(world, [putOf("a", 1n), putOf("m", 2n)]);
    const [parent] = stream.shards;
    const behind = streams.end(parent!);
    await streams.splitPartition(world.table, ["m"]);
    const [, left, right] = stream.shards;
    expect(streams.end(left!)).toBeGreaterThan(left!.createdAt);
    await apply(world, [putOf("a", 3n), putOf("m", 4n)]);
    expect([left!.parentId, right!.parentId, left!.parentSiblingId]).toEqual([parent!.id, parent!.id, undefined]);
    expect([parent!.closed, left!.closed, right!.closed]).toEqual([true, false, false]);
    const texts = async (shard: Shard) => {
      const { records, ended } = await readAll(world, shard);
      return [...records.map(textOf), ended];
    };
    expect(await texts(parent!)).toEqual(["put a v=1", "put m v=2", true]);
    expect(await texts(left!)).toEqual(["put a v=3", false]);
    expect(await texts(right!)).toEqual(["put m v=4", false]);
    expect(left!.createdAt).toBeGreaterThanOrEqual(behind);
    expect(await streams.read(parent!, behind, { limit: 9, bytes: 999 })).toMatchObject({ records: [], ended: true });
  });

  it("are the same after a restart, shards and all", async () => {
    let world = await open();
    const before = await world.store.streams.enable(world.table, daily);
    await world.store.streams.splitPartition(world.table, ["m"]);
    await world.store.streams.splitPartition(world.table, ["g"]);
    const facts = (shards: readonly Shard[]) => shards.map(({ id, parentId, closed, createdAt }) => ({ id, parentId, closed, createdAt }));
    const told = facts(before.shards);
    world = await world.reopen();
    const stream = world.store.streams.ofTable(world.table)!;
    expect(facts(stream.shards)).toEqual(told);
    expect(cutsOf(world)).toEqual(["g", "m"]);
    await apply(world, [putOf("a", 1n), putOf("h", 2n), putOf("z", 3n)]);
    const open3 = stream.shards.filter(({ closed }) => !closed);
    const texts = await Promise.all(open3.map(async (shard) => (await readAll(world, shard)).records.map(textOf).join()));
    expect(texts.sort()).toEqual(["put a v=1", "put h v=2", "put z v=3"]);
  });

  it("are split in the middle of the one with most stored bytes", async () => {
    const world = await open();
    await world.store.streams.splitPartition(world.table, ["n"]);
    await apply(world, [row("a", 100), row("b", 100), ...["o", "p", "q", "r", "s", "t"].map((pk) => row(pk, 1000))]);
    await world.store.streams.splitPartition(world.table);
    expect(cutsOf(world)).toEqual(["n", "r"]);
  });

  it("never part the rows of one partition key", async () => {
    const key = [
      { name: "pk", type: "string" },
      { name: "n", type: "integer" },
    ] as const;
    const world = await open({ key });
    const rowsOf = (pk: string, rows: number) =>
      Array.from({ length: rows }, (_, n) => ({ type: "put", key: [...keyOf(pk), { name: "n", value: BigInt(n) }], cells: [] }) as const);
    await apply(world, rowsOf("big", 50));
    await expect(world.store.streams.splitPartition(world.table)).rejects.toMatchObject({ code: "TF_PARTITION_WHOLE" });
    await apply(world, rowsOf("small", 5));
    await world.store.streams.splitPartition(world.table);
    expect(cutsOf(world)).toEqual(["small"]);
    await apply(world, rowsOf("a", 1));
    await world.store.streams.splitPartition(world.table);
    expect(cutsOf(world)).toEqual(["big", "small"]);
  });

  it("are not split where one begins already, nor where there are no rows", async () => {
    const world = await open();
    const { streams } = world.store;
    await expect(streams.splitPartition(world.table)).rejects.toMatchObject({ code: "TF_PARTITION_WHOLE" });
    await streams.splitPartition(world.table, ["m"]);
    await expect(streams.splitPartition(world.table, ["m"])).rejects.toMatchObject({ code: "TF_PARTITION_WHOLE" });
    expect(cutsOf(world)).toEqual(["m"]);
  });

  it("have one shard each in a stream switched on later", async () => {
    const world = await open();
    await world.store.streams.splitPartition(world.table, ["m"]);
    const { shards } = await world.store.streams.enable(world.table, daily);
    await apply(world, [putOf("a", 1n), putOf("m", 2n)]);
    const texts = await Promise.all(shards.map(async (shard) => (await readAll(world, shard)).records.map(textOf)));
    expect(texts).toEqual([["put a v=1"], ["put m v=2"]]);
    expect(shards.map(({ parentId }) => parentId)).toEqual([undefined, undefined]);
  });

  it("split by themselves when they have grown past the threshold", async () => {
    const world = await open({ partitionBytesMax: 20_000 });
    const stream = await world.store.streams.enable(world.table, daily);
    for (let i = 0; i < 30; i++) await apply(world, [row(String(i).padStart(3, "0"), 1000)]);
    await until(() => cutsOf(world).length > 0);
    await until(() => stream.shards[0]!.closed);
    expect(stream.shards.length).toBe(1 + 2 * cutsOf(world).length);
    expect(Number(cutsOf(world)[0])).toBeGreaterThan(5);
  });

  it("forget a closed shard when all of it has expired, and keep its children", async () => {
    let world = await open();
    const { streams } = world.store;
    const stream = await streams.enable(world.table, daily);
    await apply(world, [putOf("a", 1n)]);
    await streams.splitPartition(world.table, ["m"]);
    const [parent, left, right] = stream.shards;
    await world.clock.advance(23 * HOUR_MS);
    await apply(world, [putOf("a", 2n)]);
    expect(stream.shards).toHaveLength(3);
    await world.clock.advance(2 * HOUR_MS);
    await until(() => stream.shards.length === 2);
    expect(stream.shards.map(({ id }) => id)).toEqual([left!.id, right!.id]);
    expect(left!.parentId).toBe(parent!.id);
    world = await world.reopen();
    const again = world.store.streams.ofTable(world.table)!;
    expect(again.shards.map(({ id }) => id)).toEqual([left!.id, right!.id]);
    expect((await readAll(world, again.shards[0]!)).records.map(textOf)).toEqual(["put a v=2"]);
  });
});

describe("partitions", () => {
  it("are those a table is created with", async () => {
    const world = await openWorld(new LastingStore());
    const schema = { ...world.table.schema, name: "cut" };
    const table = await world.store.catalogue.createTable("one", schema, cutsAt(schema, ["m", "b", "m"]));
    expect(cutsOf({ ...world, table })).toEqual(["b", "m"]);
  });

  it("are closed for readers only when the split is durable, and no record is lost between", async () => {
    const world = await openWorld(new LastingStore());
    const { streams } = world.store;
    const stream = await streams.enable(world.table, daily);
    const release = world.ordered.hold();
    const writes = [apply(world, [putOf("a", 1n)]), streams.splitPartition(world.table, ["m"]), apply(world, [putOf("a", 2n)])];
    const [parent] = stream.shards;
    expect(await streams.read(parent!, 0, { limit: 9, bytes: 999 })).toMatchObject({ records: [], ended: false });
    release();
    await Promise.all(writes);
    expect((await streams.read(parent!, 0, { limit: 9, bytes: 999 })).ended).toBe(true);
    expect((await readStream(world, stream)).map(textOf)).toEqual(["put a v=1", "put a v=2"]);
  });

  it("are not read as ended by a reader that began before the last record and the closing", async () => {
    const ordered = new LastingStore();
    const world = await openWorld(ordered);
    const { streams } = world.store;
    const [parent] = (await streams.enable(world.table, daily)).shards;
    const release = ordered.holdReads();
    const page = streams.read(parent!, 0, { limit: 9, bytes: 999 });
    await apply(world, [putOf("a", 1n)]);
    await streams.splitPartition(world.table, ["m"]);
    release();
    const { records, next, ended } = await page;
    expect([records, ended]).toEqual([[], false]);
    const rest = await streams.read(parent!, next, { limit: 9, bytes: 999 });
    expect([rest.records.map(textOf), rest.ended]).toEqual([["put a v=1"], true]);
  });

  it("are cut in one batch with the closing of the shard and the making of its children", async () => {
    const world = await openWorld(new LastingStore());
    await world.store.streams.enable(world.table, daily);
    const before = world.ordered.writes.length;
    await world.store.streams.splitPartition(world.table, ["m"]);
    expect(world.ordered.writes.slice(before).map((changes) => changes.length)).toEqual([1]);
  });
});
