import { describe, expect, it } from "vitest";
import { changeKey } from "../../../src/store/change-entry.ts";
import { StreamTrimmed } from "../../../src/store/stream.ts";
import { decodeOriginRecord } from "../../../src/wire/plainbuffer/decode-change.ts";
import {
  apply,
  changeSpace,
  countEntries,
  daily,
  describeOverBoth,
  HOUR_MS,
  keyOf,
  LastingStore,
  openWorld,
  putOf,
  readAll,
  readStream,
  textOf,
} from "./stream-world.ts";

const most = { limit: 10_000, bytes: 1 << 30 };
const manyPuts = (count: number) => Array.from({ length: count }, (_, i) => putOf(`k${String(i).padStart(5, "0")}`, BigInt(i)));

describeOverBoth("changes that were written together", (open) => {
  it("are kept in one entry, in each shard in one of its own", async () => {
    const world = await open();
    const { streams } = world.store;
    const stream = await streams.enable(world.table, daily);
    await apply(world, [putOf("a", 1n), putOf("z", 2n), putOf("b", 3n)]);
    expect(await countEntries(world.ordered, changeSpace)).toBe(1);
    await streams.splitPartition(world.table, ["m"]);
    await apply(world, [putOf("a", 4n), putOf("z", 5n), putOf("b", 6n), putOf("y", 7n)]);
    expect(await countEntries(world.ordered, changeSpace)).toBe(3);
    const texts = await Promise.all(stream.shards.map(async (shard) => (await readAll(world, shard)).records.map(textOf)));
    expect(texts).toEqual([
      ["put a v=1", "put z v=2", "put b v=3"],
      ["put a v=4", "put b v=6"],
      ["put z v=5", "put y v=7"],
    ]);
  });

  it("are read from any position on, also where they are many and large", async () => {
    const world = await open();
    const { streams } = world.store;
    const [shard] = (await streams.enable(world.table, daily)).shards;
    const text = "x".repeat(1000);
    for (let batch = 0; batch < 2; batch++) {
      await apply(
        world,
        Array.from({ length: 400 }, (_, i) => ({
          type: "put" as const,
          key: keyOf(`k${i}`),
          cells: [{ name: "v", value: `${batch}-${i}${text}` }],
        })),
      );
    }
    const all = await streams.read(shard!, streams.oldest(shard!), most);
    expect(all.records).toHaveLength(800);
    expect(await countEntries(world.ordered, changeSpace)).toBe(4);
    for (const from of [0, 1, 255, 256, 399, 400, 401, 799]) {
      const { records } = await streams.read(shard!, all.records[from]!.sequence, { limit: 300, bytes: 1 << 30 });
      expect(records).toEqual(all.records.slice(from, from + 300));
    }
    expect(await streams.at(shard!, all.records[300]!.sequence)).toBe(all.records[300]!.sequence);
  });

  it("go on behind them after a restart", async () => {
    let world = await open();
    await world.store.streams.enable(world.table, daily);
    await apply(world, manyPuts(5));
    world.clock.backMs = HOUR_MS;
    world = await world.reopen();
    await apply(world, [putOf("later", 1n)]);
    const sequences = (await readStream(world, world.store.streams.ofTable(world.table)!)).map(({ sequence }) => sequence);
    expect(sequences).toHaveLength(6);
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
  });

  it("go together: those that have expired are not shown, and stay as long as one has not", async () => {
    const world = await open();
    const { streams } = world.store;
    const [shard] = (await streams.enable(world.table, daily)).shards;
    const start = streams.oldest(shard!);
    // A sequence is a microsecond at least, so 1,500 of them reach past the hour, at which a sweep comes by 24 hours later.
    await world.clock.advance(HOUR_MS - 1);
    await apply(world, manyPuts(1500));
    const before = (await streams.read(shard!, start, most)).records;
    await world.clock.advance(24 * HOUR_MS + 1);
    const floor = world.clock.nowMicros() - 24 * HOUR_MS * 1000;
    expect(await countEntries(world.ordered, changeSpace)).toBe(1);
    await expect(streams.read(shard!, start, most)).rejects.toThrow(StreamTrimmed);
    const { records } = await readAll(world, shard!);
    expect(records).toEqual(before.filter(({ sequence }) => sequence >= floor));
    expect(records.length).toBeGreaterThan(400);
    expect(records.length).toBeLessThan(600);
  });
});

describe("changes of format 3, each in an entry of its own", () => {
  it("are read beside those of today", async () => {
    const world = await openWorld(new LastingStore());
    const stream = await world.store.streams.enable(world.table, { expirationHours: 24, originColumns: ["v"] });
    await apply(world, [putOf("a", 1n), putOf("a", 2n)]);
    const records = await readStream(world, stream);
    await apply(world, [putOf("b", 3n)]);
    const shard = { log: { number: 1 }, number: 1 };
    // What format 3 had for the first two changes.
    await world.ordered.write([
      { type: "del", key: changeKey(shard, records[1]!.sequence) },
      ...records.map(({ sequence, record, originRecord }) => {
        const frame = Buffer.alloc(5);
        frame[0] = 1;
        frame.writeUInt32LE(record.length, 1);
        return { type: "put" as const, key: changeKey(shard, sequence), value: Buffer.concat([frame, record, originRecord!]) };
      }),
    ]);
    expect(await countEntries(world.ordered, changeSpace)).toBe(3);
    const read = await readStream(world, stream);
    expect(read.slice(0, 2)).toEqual(records);
    expect(read.map(textOf)).toEqual(["put a v=1", "put a v=2", "put b v=3"]);
    expect(decodeOriginRecord(read[1]!.originRecord!).cells).toMatchObject([{ name: "v", value: 1n }]);
  });
});
