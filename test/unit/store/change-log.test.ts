import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import type { KeyColumn } from "../../../src/model/key.ts";
import type { RowChange, UpdateCell } from "../../../src/model/row.ts";
import { AUTO_INCREMENT, type KeyInput } from "../../../src/model/value.ts";
import { StreamTrimmed } from "../../../src/store/stream.ts";
import { TableStore } from "../../../src/store/table-store.ts";
import { decodeRow } from "../../../src/wire/plainbuffer/decode.ts";
import { decodeOriginRecord, decodeStreamRecord } from "../../../src/wire/plainbuffer/decode-change.ts";
import { encodeChange, encodeKey, encodeStreamRecord } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";
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
  type StreamWorld,
  textOf,
  until,
} from "./stream-world.ts";

const START_MICROS = 1_700_000_000_000_000;

const rowOf = ({ store, table }: StreamWorld, pk: string) => {
  const walker = new RowWalker().open(encodeKey(keyOf(pk)));
  walker.next();
  return decodeRow(store.getRow(table, walker, store.reader(table, { maxVersions: 9 })).row);
};

describeOverBoth("a change log", (open) => {
  it("tells of a put with the row as it is stored: cells by name, each with its version", async () => {
    const world = await open();
    const stream = await world.store.streams.enable(world.table, daily);
    const cells = [
      { name: "b", value: "x" },
      { name: "a", value: 1n, timestamp: 1000 },
    ];
    await apply(world, [{ type: "put", key: keyOf("k"), cells }]);
    const [record] = await readStream(world, stream);
    expect(record).toEqual({
      action: "put",
      sequence: START_MICROS + 1,
      record: expect.anything(),
    });
    const sorted = [
      { op: "put", name: "a", value: 1n, timestamp: 1000 },
      { op: "put", name: "b", value: "x", timestamp: world.clock.now() },
    ] as const;
    const expected = encodeStreamRecord([{ name: "pk", value: "k" }], sorted, { epoch: 0, timestamp: START_MICROS + 1, rowIndex: 0 });
    expect(Buffer.from(record!.record)).toEqual(Buffer.from(expected));
  });

  it("tells of an update with what was written, and of an increment with what it came to", async () => {
    const world = await open();
    const stream = await world.store.streams.enable(world.table, daily);
    await apply(world, [{ type: "put", key: keyOf("k"), cells: [{ name: "n", value: 40n }] }]);
    const cells: UpdateCell[] = [
      { op: "put", name: "z", value: "new" },
      { op: "increment", name: "n", by: 2n },
      { op: "deleteAll", name: "f" },
      { op: "deleteOne", name: "e", timestamp: 7 },
    ];
    await apply(world, [{ type: "update", key: keyOf("k"), cells }]);
    const [, update] = await readStream(world, stream);
    const now = world.clock.now();
    const expected = encodeStreamRecord(
      [{ name: "pk", value: "k" }],
      [
        { op: "deleteOne", name: "e", timestamp: 7 },
        { op: "deleteAll", name: "f" },
        { op: "put", name: "n", value: 42n, timestamp: now },
        { op: "put", name: "z", value: "new", timestamp: now },
      ],
      { epoch: 0, timestamp: update!.sequence, rowIndex: 0 },
    );
    expect(update!.action).toBe("update");
    expect(Buffer.from(update!.record)).toEqual(Buffer.from(expected));
  });

  it("tells of a deletion with the key alone", async () => {
    const world = await open();
    const stream = await world.store.streams.enable(world.table, daily);
    await apply(world, [putOf("k", 1n), { type: "delete", key: keyOf("k") }]);
    const [, deletion] = await readStream(world, stream);
    const expected = encodeStreamRecord([{ name: "pk", value: "k" }], [], { epoch: 0, timestamp: deletion!.sequence, rowIndex: 0 });
    expect(deletion!.action).toBe("delete");
    expect(Buffer.from(deletion!.record)).toEqual(Buffer.from(expected));
  });

  it("tells of keys the server chose with the value it chose, in updates too", async () => {
    const key = [
      { name: "pk", type: "string" },
      { name: "id", type: "integer", autoIncrement: true },
    ] as const;
    const world = await open({ key });
    const stream = await world.store.streams.enable(world.table, daily);
    const automatic: KeyColumn<KeyInput>[] = [...keyOf("k"), { name: "id", value: AUTO_INCREMENT }];
    await apply(world, [{ type: "put", key: automatic, cells: [] }]);
    await apply(world, [{ type: "update", key: automatic, cells: [{ op: "put", name: "v", value: 1n }] }]);
    const keys = (await readStream(world, stream)).map(({ record }) => decodeStreamRecord(record).key[1]!.value);
    expect(keys).toEqual([BigInt(START_MICROS), BigInt(START_MICROS + 1)]);
  });

  it("tells of a deletion whether or not there was a row, and of no update that changes nothing", async () => {
    const world = await open();
    const stream = await world.store.streams.enable(world.table, daily);
    await apply(world, [{ type: "delete", key: keyOf("none") }]);
    await apply(world, [{ type: "update", key: keyOf("none"), cells: [{ op: "deleteAll", name: "v" }] }]);
    expect((await readStream(world, stream)).map(textOf)).toEqual(["delete none"]);
  });

  it("records what the origin columns were before each change, also within a batch", async () => {
    const world = await open({ options: { maxVersions: 3 } });
    const stream = await world.store.streams.enable(world.table, { expirationHours: 24, originColumns: ["a", "c"] });
    const put = (timestamp: number, value: bigint): UpdateCell => ({ op: "put", name: "a", value, timestamp });
    await apply(world, [
      { type: "update", key: keyOf("k"), cells: [put(5, 1n), put(6, 2n), { op: "put", name: "b", value: 9n, timestamp: 5 }] },
      { type: "delete", key: keyOf("k") },
      { type: "put", key: keyOf("k"), cells: [] },
    ]);
    const origins = (await readStream(world, stream)).map(({ originRecord }) => decodeOriginRecord(originRecord!));
    const key = keyOf("k");
    expect(origins).toEqual([
      { key, cells: [] },
      { key, cells: [{ name: "a", value: 2n, timestamp: 6 }] },
      { key, cells: [] },
    ]);
  });

  it("records no origin of cells that have expired", async () => {
    const world = await open({ options: { timeToLive: 86_400 } });
    const stream = await world.store.streams.enable(world.table, { expirationHours: 168, originColumns: ["v"] });
    await world.clock.advance(0.5 * HOUR_MS);
    await apply(world, [putOf("k", 1n)]);
    await world.clock.advance(19.5 * HOUR_MS);
    const update: RowChange = { type: "update", key: keyOf("k"), cells: [{ op: "put", name: "w", value: 2n }] };
    await apply(world, [update]);
    // Expired, but short of the sweep that removes it.
    await world.clock.advance(4.75 * HOUR_MS);
    await apply(world, [update]);
    const origins = (await readStream(world, stream)).map(({ originRecord }) => decodeOriginRecord(originRecord!).cells.length);
    expect(origins).toEqual([0, 1, 0]);
  });

  it("hands out records in pages, and says when there are more", async () => {
    const world = await open();
    const { streams } = world.store;
    const [shard] = (await streams.enable(world.table, daily)).shards;
    await apply(
      world,
      Array.from({ length: 5 }, (_, i) => putOf(`k${i}`, BigInt(i))),
    );
    const first = await streams.read(shard!, streams.oldest(shard!), { limit: 2, bytes: 1 << 20 });
    expect([first.records.map(textOf), first.more, first.ended]).toEqual([["put k0 v=0", "put k1 v=1"], true, false]);
    const bySize = await streams.read(shard!, first.next, { limit: 9, bytes: 1 });
    expect([bySize.records.map(textOf), bySize.more]).toEqual([["put k2 v=2"], true]);
    const last = await streams.read(shard!, bySize.next, { limit: 2, bytes: 1 << 20 });
    expect([last.records.map(textOf), last.more, last.ended]).toEqual([["put k3 v=3", "put k4 v=4"], false, false]);
    expect(await streams.read(shard!, last.next, { limit: 2, bytes: 1 })).toEqual({
      records: [],
      next: last.next,
      more: false,
      ended: false,
    });
    expect(streams.end(shard!)).toBe(last.next);
  });

  it("finds the position of a time", async () => {
    const world = await open();
    const { streams } = world.store;
    const [shard] = (await streams.enable(world.table, daily)).shards;
    await world.clock.advance(1000);
    await apply(world, [putOf("a", 1n)]);
    const between = world.clock.nowMicros() + 1;
    await world.clock.advance(1000);
    await apply(world, [putOf("b", 2n)]);
    const textsFrom = async (micros: number) =>
      (await readAll(world, shard!, await streams.at(shard!, micros))).records.map(textOf).join(", ");
    expect(await textsFrom(0)).toBe("put a v=1, put b v=2");
    expect(await textsFrom(between)).toBe("put b v=2");
    expect(await streams.at(shard!, world.clock.nowMicros() + 1)).toBe(streams.end(shard!));
  });

  it("keeps sequences growing under a clock that goes back, and over a restart", async () => {
    let world = await open();
    await world.store.streams.enable(world.table, daily);
    await apply(world, [putOf("a", 1n)]);
    world.clock.backMs = HOUR_MS;
    await apply(world, [putOf("b", 2n), putOf("c", 3n)]);
    world = await world.reopen();
    await apply(world, [putOf("d", 4n)]);
    const records = await readStream(world, world.store.streams.ofTable(world.table)!);
    expect(records.map(textOf)).toEqual(["put a v=1", "put b v=2", "put c v=3", "put d v=4"]);
    expect(records.map(({ sequence }) => sequence - START_MICROS)).toEqual([1, 2, 3, 4]);
  });

  it("gives no sequence twice even when every record has expired and the clock goes back over a restart", async () => {
    let world = await open();
    const before = await world.store.streams.enable(world.table, daily);
    await apply(world, [putOf("a", 1n)]);
    const end = world.store.streams.end(before.shards[0]!);
    await world.clock.advance(26 * HOUR_MS);
    await until(async () => (await countEntries(world.ordered, changeSpace)) === 0);
    world.clock.backMs = 30 * HOUR_MS;
    world = await world.reopen();
    await apply(world, [putOf("b", 2n)]);
    const stream = world.store.streams.ofTable(world.table)!;
    const { records } = await world.store.streams.read(stream.shards[0]!, end, { limit: 9, bytes: 999 });
    expect(records.map(textOf)).toEqual(["put b v=2"]);
  });

  it("places the oldest where a record under a clock that goes back still comes behind it", async () => {
    const world = await open();
    const { streams } = world.store;
    const [shard] = (await streams.enable(world.table, daily)).shards;
    await apply(world, [putOf("a", 1n)]);
    await world.clock.advance(30 * HOUR_MS);
    const from = streams.oldest(shard!);
    world.clock.backMs = 29 * HOUR_MS;
    await apply(world, [putOf("b", 2n)]);
    expect((await readAll(world, shard!, from)).records.map(textOf)).toEqual(["put b v=2"]);
  });

  it("goes on after a restart where it was: the same stream, shards and positions", async () => {
    let world = await open();
    const { id, shards } = await world.store.streams.enable(world.table, { expirationHours: 7, originColumns: ["v"] });
    await apply(world, [putOf("a", 1n)]);
    const { next } = await readAll(world, shards[0]!);
    await apply(world, [putOf("b", 2n)]);
    world = await world.reopen();
    const stream = world.store.streams.find("one", id)!;
    expect(stream).toMatchObject({ id, expirationHours: 7, originColumns: ["v"] });
    expect(stream.shards.map((shard) => shard.id)).toEqual(shards.map((shard) => shard.id));
    expect((await readAll(world, stream.shards[0]!, next)).records.map(textOf)).toEqual(["put b v=2"]);
  });

  it("shows nothing that has expired, and tells who is behind; who had read it all reads on", async () => {
    const world = await open();
    const { streams } = world.store;
    const [shard] = (await streams.enable(world.table, daily)).shards;
    const start = streams.oldest(shard!);
    await apply(world, [putOf("old", 1n)]);
    const { next } = await readAll(world, shard!);
    await world.clock.advance(HOUR_MS / 2);
    await apply(world, [putOf("new", 2n)]);
    // Short of the sweep at the next full hour.
    await world.clock.advance(23.75 * HOUR_MS);
    const behind = () => streams.read(shard!, start, { limit: 9, bytes: 999 });
    await expect(behind()).rejects.toThrow(StreamTrimmed);
    expect((await readAll(world, shard!)).records.map(textOf)).toEqual(["put new v=2"]);
    expect((await readAll(world, shard!, next)).records.map(textOf)).toEqual(["put new v=2"]);
    await world.clock.advance(HOUR_MS);
    await until(async () => (await countEntries(world.ordered, changeSpace)) === 0);
    await expect(behind()).rejects.toThrow(StreamTrimmed);
    await expect(streams.read(shard!, next, { limit: 9, bytes: 999 })).rejects.toThrow(StreamTrimmed);
    expect((await streams.read(shard!, streams.oldest(shard!), { limit: 9, bytes: 999 })).records).toEqual([]);
  });

  it("leaves a quiet reader alone: what it has read may expire", async () => {
    const world = await open();
    const { streams } = world.store;
    const [shard] = (await streams.enable(world.table, daily)).shards;
    await apply(world, [putOf("a", 1n)]);
    const { next } = await readAll(world, shard!);
    await world.clock.advance(200 * HOUR_MS);
    await until(async () => (await countEntries(world.ordered, changeSpace)) === 0);
    expect(await streams.read(shard!, next, { limit: 9, bytes: 999 })).toEqual({ records: [], next, more: false, ended: false });
    await apply(world, [putOf("b", 2n)]);
    expect((await readAll(world, shard!, next)).records.map(textOf)).toEqual(["put b v=2"]);
  });

  it("is another stream when it is switched on again, and the records of the first are removed", async () => {
    const world = await open();
    const { streams } = world.store;
    const first = await streams.enable(world.table, daily);
    expect(await streams.enable(world.table, daily)).toBe(first);
    await apply(world, [putOf("a", 1n)]);
    await streams.disable(world.table);
    expect(streams.ofTable(world.table)).toBeUndefined();
    await apply(world, [putOf("unseen", 2n)]);
    await expect(streams.read(first.shards[0]!, 0, { limit: 9, bytes: 999 })).rejects.toThrow(StreamTrimmed);
    const second = await streams.enable(world.table, daily);
    expect(second.id).not.toBe(first.id);
    expect(streams.find("one", first.id)).toBeUndefined();
    expect(await readStream(world, second)).toEqual([]);
    await until(async () => (await countEntries(world.ordered, changeSpace)) === 0);
  });

  it("changes how long records are kept without being another stream, and refuses other origin columns", async () => {
    let world = await open();
    const { id } = await world.store.streams.enable(world.table, daily);
    expect((await world.store.streams.enable(world.table, { ...daily, expirationHours: 168 })).id).toBe(id);
    world = await world.reopen();
    const { streams } = world.store;
    expect(streams.ofTable(world.table)).toMatchObject({ id, expirationHours: 168 });
    expect(() => streams.enable(world.table, { expirationHours: 168, originColumns: ["a"] })).toThrow(
      expect.objectContaining({ code: "OTSParameterInvalid" }),
    );
  });

  it("ends with its table, whose records are removed", async () => {
    const world = await open();
    await world.store.streams.enable(world.table, daily);
    await apply(world, [putOf("a", 1n)]);
    await world.store.deleteTable("one", "t");
    expect(world.store.streams.list("one")).toEqual([]);
    await until(async () => (await countEntries(world.ordered, changeSpace)) === 0);
    expect(() => world.store.streams.enable(world.table, daily)).toThrow(expect.objectContaining({ code: "OTSObjectNotExist" }));
  });
});

describe("a change log and its rows", () => {
  it("are written in one batch", async () => {
    const world = await openWorld(new LastingStore());
    await world.store.streams.enable(world.table, daily);
    const before = world.ordered.writes.length;
    await apply(world, [putOf("a", 1n), putOf("b", 2n)]);
    const spaces = world.ordered.writes.slice(before).map((changes) => changes.map(({ key }) => key[0]));
    expect(spaces).toEqual([[0x10, 0x10, 0x20]]);
  });

  it("agree on refused rows: they leave neither row nor record", async () => {
    const world = await openWorld(new LastingStore());
    const stream = await world.store.streams.enable(world.table, daily);
    const batch = world.store.beginWrite();
    const write = (change: RowChange, existence: "ignore" | "expectExist") => {
      const walker = new RowWalker().open(encodeChange(change));
      walker.next();
      batch[change.type](world.table, walker, { existence });
    };
    expect(() => write(putOf("refused", 1n), "expectExist")).toThrow("Condition check failed.");
    write(putOf("taken", 2n), "ignore");
    await batch.commit();
    expect((await readStream(world, stream)).map(textOf)).toEqual(["put taken v=2"]);
  });

  it("are told of when they are durable, not before", async () => {
    const world = await openWorld(new LastingStore());
    const { streams } = world.store;
    const [shard] = (await streams.enable(world.table, daily)).shards;
    const before = streams.end(shard!);
    const release = world.ordered.hold();
    const written = apply(world, [putOf("a", 1n)]);
    expect((await readAll(world, shard!)).records).toEqual([]);
    expect(streams.end(shard!)).toBe(before);
    release();
    await written;
    expect(streams.end(shard!)).toBe(before + 1);
  });

  it("a stream is told of when its beginning is durable, to a second caller too", async () => {
    const world = await openWorld(new LastingStore());
    const { streams } = world.store;
    const release = world.ordered.hold();
    const both = [streams.enable(world.table, daily), streams.enable(world.table, daily)];
    expect(streams.list("one")).toEqual([]);
    release();
    const [first, second] = await Promise.all(both);
    expect(first).toBe(second);
    expect(streams.list("one")).toEqual([first]);
  });

  it("goes on removing a stream that is off where a crash had interrupted it", async () => {
    const ordered = new LastingStore();
    const world = await openWorld(ordered);
    await world.store.streams.enable(world.table, daily);
    await apply(world, [putOf("a", 1n)]);
    ordered.refusing = true;
    await world.store.streams.disable(world.table);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await countEntries(ordered, changeSpace)).toBe(2);
    ordered.refusing = false;
    await world.reopen();
    await until(async () => (await countEntries(ordered, changeSpace)) === 0);
  });

  it("goes on removing the stream of a dropped table where a crash had interrupted it", async () => {
    const ordered = new LastingStore();
    const { store, table } = await openWorld(ordered);
    await store.streams.enable(table, daily);
    await apply({ store, table }, [putOf("a", 1n)]);
    ordered.refusing = true;
    await store.deleteTable("one", "t");
    await new Promise((resolve) => setImmediate(resolve));
    expect(await countEntries(ordered, changeSpace)).toBe(2);
    ordered.refusing = false;
    await TableStore.open(ordered, { clock: new VirtualClock() });
    await until(async () => (await countEntries(ordered, changeSpace)) === 0);
  });
});

describe("what has expired", () => {
  it("is removed after a crash had interrupted it, and a closed shard goes after its records", async () => {
    const ordered = new LastingStore();
    let world: StreamWorld = await openWorld(ordered);
    const { streams } = world.store;
    const stream = await streams.enable(world.table, daily);
    const start = streams.oldest(stream.shards[0]!);
    await apply(world, [putOf("a", 1n)]);
    await streams.splitPartition(world.table, ["m"]);
    ordered.refusing = true;
    await world.clock.advance(26 * HOUR_MS);
    expect([await countEntries(ordered, changeSpace), stream.shards.length]).toEqual([1, 3]);
    ordered.refusing = false;
    world = await world.reopen();
    const again = world.store.streams.ofTable(world.table)!;
    const read = world.store.streams.read(again.shards[0]!, start, { limit: 9, bytes: 999 });
    await expect(read).rejects.toThrow(StreamTrimmed);
    await world.clock.advance(HOUR_MS);
    await until(() => again.shards.length === 2);
    expect(await countEntries(ordered, changeSpace)).toBe(0);
  });
});

/** Any changes of few rows and columns, so that they meet. */
const anyChange = (start: number): fc.Arbitrary<RowChange> => {
  const name = fc.constantFrom("a", "b", "ab");
  const key = fc.constantFrom("x", "y", "z").map(keyOf);
  const timestamp = fc.option(fc.integer({ min: start - 3, max: start + 3 }), { nil: undefined });
  const value = fc.bigInt({ min: -9n, max: 9n });
  const cell: fc.Arbitrary<UpdateCell> = fc.oneof(
    fc.record({ op: fc.constant("put" as const), name, value, timestamp }),
    fc.record({ op: fc.constant("deleteAll" as const), name }),
    fc.record({ op: fc.constant("deleteOne" as const), name, timestamp: fc.integer({ min: start - 3, max: start + 3 }) }),
    fc.record({ op: fc.constant("increment" as const), name, by: value }),
  );
  return fc.oneof(
    fc.record({
      type: fc.constant("put" as const),
      key,
      cells: fc.array(fc.record({ name, value, timestamp }), { maxLength: 5 }),
    }),
    fc.record({ type: fc.constant("update" as const), key, cells: fc.array(cell, { minLength: 1, maxLength: 5 }) }),
    fc.record({ type: fc.constant("delete" as const), key }),
  );
};

describe("a change log, replayed", () => {
  const split = fc.record({ split: fc.constantFrom("b", "xx", "y", "yy", "z") });

  it("makes the same rows elsewhere, and its origin records are the rows before, whatever was written and split", async () => {
    const start = START_MICROS / 1000;
    const steps = fc.array(
      fc.oneof({ weight: 4, arbitrary: fc.array(anyChange(start), { maxLength: 6 }) }, { weight: 1, arbitrary: split }),
      {
        maxLength: 10,
      },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (all, maxVersions) => {
        const world = await openWorld(new LastingStore(), { options: { maxVersions } });
        const replica = await openWorld(new LastingStore(), { options: { maxVersions } });
        const stream = await world.store.streams.enable(world.table, { expirationHours: 1, originColumns: ["a", "ab"] });
        for (const step of all) {
          if (!("split" in step)) await apply(world, step);
          else await world.store.streams.splitPartition(world.table, [step.split]).catch(() => undefined);
        }
        for (const { action, record, originRecord } of await readStream(world, stream)) {
          const { key, cells } = decodeStreamRecord(record);
          const before = rowOf(replica, String(key[0]!.value));
          const newest = before?.cells.filter(({ name }, at) => name !== "b" && before.cells[at - 1]?.name !== name) ?? [];
          expect(decodeOriginRecord(originRecord!)).toEqual({ key, cells: newest });
          await apply(replica, [asChange(action, key, cells)]);
        }
        for (const pk of ["x", "y", "z"]) expect(rowOf(replica, pk)).toEqual(rowOf(world, pk));
      }),
      { numRuns: 200 },
    );
  });
});

function asChange(action: RowChange["type"], key: RowChange["key"], cells: readonly UpdateCell[]): RowChange {
  if (action === "delete") return { type: action, key };
  if (action === "update") return { type: action, key, cells };
  return { type: action, key, cells: cells.flatMap((cell) => (cell.op === "put" ? [cell] : [])) };
}
