import fc from "fast-check";
import { expect, it } from "vitest";
import type { RowChange } from "../../../src/model/row.ts";
import { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import type { RowSource } from "../../../src/store/ordered-store.ts";
import type { Transaction } from "../../../src/store/transaction.ts";
import type { RowWrites } from "../../../src/store/write-batch.ts";
import { decodeRows } from "../../../src/wire/plainbuffer/decode.ts";
import { decodeStreamRecord } from "../../../src/wire/plainbuffer/decode-change.ts";
import { encodeChange, encodeKey } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";
import { daily, describeOverBoth, readStream, type StreamWorld } from "./stream-world.ts";

const twoKeys = [
  { name: "pk", type: "string" },
  { name: "n", type: "integer" },
] as const;
const options = { key: twoKeys, localTransactions: true, options: { maxVersions: 3 } };
const keyOf = (pk: string, n: bigint) => [
  { name: "pk", value: pk },
  { name: "n", value: n },
];
const putOf = (pk: string, n: bigint, value: string): RowChange => ({ type: "put", key: keyOf(pk, n), cells: [{ name: "v", value }] });

let ids = 0;
async function start({ store, table }: StreamWorld, pk: string): Promise<Transaction> {
  const id = String(++ids);
  await store.transactions.start(table, walkerOn(encodeKey([{ name: "pk", value: pk }])), id);
  return store.transactions.find("one", id);
}

function walkerOn(bytes: Uint8Array): RowWalker {
  const walker = new RowWalker().open(bytes);
  walker.next();
  return walker;
}

/** Writes the changes as one request. */
function write({ table }: StreamWorld, batch: RowWrites, changes: readonly RowChange[]): Promise<void> {
  for (const change of changes) batch[change.type](table, walkerOn(encodeChange(change)), { existence: "ignore" });
  return batch.commit();
}

async function rowsOf({ store, table }: StreamWorld, source?: RowSource, direction: "forward" | "backward" = "forward", limit?: number) {
  const ends = [
    ["a", INF_MIN],
    ["a", INF_MAX],
  ] as const;
  const [start, end] = direction === "forward" ? ends : [ends[1], ends[0]];
  const page = await store.readRange(table, { direction, start, end, limit, selection: { maxVersions: 9 } }, source);
  return decodeRows(page.rows);
}

const n = fc.bigInt({ min: 0n, max: 9n });
const version = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
const name = fc.constantFrom("v", "w");
const change = fc.oneof(
  fc.tuple(n, fc.string({ maxLength: 3 })).map(([row, value]) => putOf("a", row, value)),
  fc.record({
    type: fc.constant("update" as const),
    key: n.map((row) => keyOf("a", row)),
    cells: fc.array(
      fc.oneof(
        fc.record({ op: fc.constant("put" as const), name, value: fc.string({ maxLength: 3 }), timestamp: version }),
        fc.record({ op: fc.constant("increment" as const), name: fc.constant("sum"), by: fc.bigInt({ min: -9n, max: 9n }) }),
        fc.record({ op: fc.constant("deleteAll" as const), name }),
        fc.record({ op: fc.constant("deleteOne" as const), name, timestamp: fc.integer({ min: 1, max: 4 }) }),
      ),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  n.map((row) => ({ type: "delete" as const, key: keyOf("a", row) })),
);

describeOverBoth("local transactions", (open) => {
  it("see what others would see had they been no transactions, and leave just that behind, rows and records", async () => {
    const alone = await open(options);
    const world = await open(options);
    for (const each of [alone, world]) await each.store.streams.enable(each.table, { ...daily, originColumns: ["v"] });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 6 }), fc.nat(12), async (requests, limit) => {
        const transaction = await start(world, "a");
        for (const changes of requests) {
          await write(world, transaction.beginWrite(), changes);
          await write(alone, alone.store.beginWrite(), changes);
          for (const direction of ["forward", "backward"] as const) {
            expect(await rowsOf(world, transaction, direction, limit + 1)).toEqual(await rowsOf(alone, undefined, direction, limit + 1));
          }
          for (const { clock } of [alone, world]) await clock.advance(7);
        }
        await world.store.transactions.commit(transaction);
        expect(await rowsOf(world)).toEqual(await rowsOf(alone));
      }),
      { numRuns: 60 },
    );
    const recorded = async (each: StreamWorld) =>
      (await readStream(each, each.store.streams.ofTable(each.table)!)).map(({ action, record, originRecord }) => {
        const { key, cells } = decodeStreamRecord(record);
        return { action, key, cells, origin: Buffer.from(originRecord!).toString("hex") };
      });
    expect(await recorded(world)).toEqual(await recorded(alone));
  });

  it("leave a row alone that a later write of the same request is refused for", async () => {
    const world = await open(options);
    const transaction = await start(world, "a");
    const batch = transaction.beginWrite();
    batch.put(world.table, walkerOn(encodeChange(putOf("a", 1n, "x"))), { existence: "ignore" });
    const failing = walkerOn(encodeChange(putOf("a", 1n, "y")));
    expect(() => batch.put(world.table, failing, { existence: "expectNotExist" })).toThrow("Condition check failed");
    await batch.commit();
    await world.store.transactions.commit(transaction);
    expect((await rowsOf(world)).map(({ cells }) => cells[0]!.value)).toEqual(["x"]);
  });

  it("end when their time is up, each at its own, and hold nothing then", async () => {
    const world = await open(options);
    const first = await start(world, "a");
    await world.clock.advance(30_000);
    const second = await start(world, "b");
    await world.clock.advance(30_000);
    expect(() => world.store.transactions.find("one", first.id)).toThrow("Session not exist or may be timeout.");
    expect(world.store.transactions.find("one", second.id)).toBe(second);
    await start(world, "a");
  });

  it("come to the sums they told of, though what these were made of expires and is swept meanwhile", async () => {
    const dayMs = 86_400_000;
    const world = await open({ ...options, options: { maxVersions: 1, timeToLive: 86_400 } });
    // Between the sweeps of every hour.
    await world.clock.advance(dayMs / 48);
    const counted = (sum: bigint): RowChange => ({ type: "put", key: keyOf("a", 1n), cells: [{ name: "sum", value: sum }] });
    const more: RowChange = { type: "update", key: keyOf("a", 1n), cells: [{ op: "increment", name: "sum", by: 1n }] };
    const sumsOf = async (source?: RowSource) => (await rowsOf(world, source)).map(({ cells }) => cells[0]!.value);
    await write(world, world.store.beginWrite(), [counted(5n), putOf("b", 1n, "expires")]);
    await world.clock.advance(dayMs - 10_000);
    const transaction = await start(world, "a");
    await write(world, transaction.beginWrite(), [more]);
    expect(await sumsOf(transaction)).toEqual([6n]);
    await world.clock.advance(20_000);
    // Of what nobody has locked it takes what has expired.
    expect(await world.store.sweep()).toBe(1);
    await world.store.transactions.commit(transaction);
    expect(await sumsOf()).toEqual([6n]);
  });

  it("come to the sums they told of, though the time to live is made shorter meanwhile", async () => {
    const world = await open({ ...options, options: { maxVersions: 1, timeToLive: 864_000 } });
    await write(world, world.store.beginWrite(), [{ type: "put", key: keyOf("a", 1n), cells: [{ name: "sum", value: 5n }] }]);
    await world.clock.advance(2 * 86_400_000);
    const transaction = await start(world, "a");
    const more: RowChange = { type: "update", key: keyOf("a", 1n), cells: [{ op: "increment", name: "sum", by: 1n }] };
    await write(world, transaction.beginWrite(), [more]);
    const { record, schema } = world.table;
    const shorter = { ...schema, options: { ...schema.options, timeToLive: 86_400 } };
    await world.store.catalogue.updateTable(world.table, { ...record, schema: shorter });
    await world.store.transactions.commit(transaction);
    expect((await rowsOf(world))[0]!.cells[0]!.value).toBe(6n);
  });

  it("wait with their beginning until what was written before is committed", async () => {
    const world = await open(options);
    const writing = write(world, world.store.beginWrite(), [putOf("a", 1n, "before")]);
    const transaction = await start(world, "a");
    expect((await rowsOf(world, transaction)).map(({ cells }) => cells[0]!.value)).toEqual(["before"]);
    await writing;
  });

  it("are a thousand at once, and one more is put off", async () => {
    const world = await open(options);
    for (let i = 0; i < 1000; i++) await start(world, `p${i}`);
    await expect(start(world, "one more")).rejects.toMatchObject({ status: 503, code: "OTSServerBusy" });
    world.store.transactions.abort(world.store.transactions.find("one", String(ids - 1)));
    await start(world, "one more");
  });

  it("count the rows that many small changes make, not only the changes", async () => {
    const world = await open(options);
    await write(world, world.store.beginWrite(), [putOf("a", 1n, "x".repeat(2_000_000))]);
    const transaction = await start(world, "a");
    const small: RowChange = { type: "update", key: keyOf("a", 1n), cells: [{ op: "put", name: "w", value: "y" }] };
    const change = () => write(world, transaction.beginWrite(), [small]);
    for (let i = 0; i < 16; i++) await change();
    await expect(change()).rejects.toThrow("The total data size of transaction exceeds the limit, limit size: 33554432");
    await world.store.transactions.commit(transaction);
    expect((await rowsOf(world))[0]!.cells.map((cell) => cell.name)).toEqual(["v", "w"]);
  });

  it("hold a bounded number of bytes together, free again as they end", async () => {
    const world = await open(options);
    await write(
      world,
      world.store.beginWrite(),
      Array.from({ length: 9 }, (_, at) => putOf(`p${at}`, 1n, "x".repeat(2_000_000))),
    );
    const fill = async (pk: string) => {
      const transaction = await start(world, pk);
      const small: RowChange = { type: "update", key: keyOf(pk, 1n), cells: [{ op: "put", name: "w", value: "y" }] };
      for (let i = 0; i < 16; i++) await write(world, transaction.beginWrite(), [small]);
      return transaction;
    };
    const transactions: Transaction[] = [];
    for (let at = 0; at < 8; at++) transactions.push(await fill(`p${at}`));
    await expect(fill("p8")).rejects.toMatchObject({ code: "OTSServerBusy" });
    world.store.transactions.abort(transactions[0]!);
    await fill("p0");
  });

  it("are forgotten by a store that is opened again", async () => {
    const world = await open(options);
    const transaction = await start(world, "a");
    await write(world, transaction.beginWrite(), [putOf("a", 1n, "x")]);
    const again = await world.reopen();
    expect(await rowsOf(again)).toEqual([]);
    expect(() => again.store.transactions.find("one", transaction.id)).toThrow("Session not exist");
    await write(again, again.store.beginWrite(), [putOf("a", 1n, "y")]);
  });
});
