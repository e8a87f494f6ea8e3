import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { openEmbeddedServer } from "../../src/server/embedded-server.ts";
import type { ResponseOf } from "../../src/wire/operation/operations.ts";
import { decodeOriginRecord } from "../../src/wire/plainbuffer/decode-change.ts";
import { decodeRow } from "../../src/wire/plainbuffer/decode.ts";
import { RowWalker } from "../../src/wire/plainbuffer/walk.ts";
import { Caller, deleteRequest, putRequest, updateRequest } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";
import { createWithStream, iteratorOf, recordText, shardsOf, splitPartition, streamIdOf } from "./stream-of.ts";

const HOUR_MS = 3_600_000;
const trimmed = {
  status: 400,
  code: "OTSTrimmedDataAccess",
  text: "Requested stream data is already trimmed or does not exist.",
};

describeEverywhere("GetStreamRecord", (open) => {
  it("answers each change once, in order, one record a row of a batch, with a growing sequence", async () => {
    const { caller, clock } = await open();
    const shardIterator = await iteratorOf(caller, await createWithStream(caller, "t"));
    await caller.put("t", { pk: "a" }, { v: 1n });
    await caller.update("t", { pk: "a" }, [
      { op: "increment", name: "v", by: 4n },
      { op: "deleteAll", name: "w" },
    ]);
    const rows = [
      { ...putRequest("t", { pk: "b" }, { v: 2n }), type: "put" as const },
      { ...updateRequest("t", { pk: "b" }, [{ op: "put", name: "w", value: "x" }]), type: "update" as const },
      { ...deleteRequest("t", { pk: "a" }), type: "delete" as const },
    ];
    await caller.call("BatchWriteRow", { tables: [{ tableName: "t", rows }] });
    const { records, mayMoreRecord, consumed } = await caller.call("GetStreamRecord", { shardIterator });
    expect(records.map(recordText)).toEqual(["put a v=1", "update a v=5 deleteAll w", "put b v=2", "update b w=x", "delete a"]);
    expect(mayMoreRecord).toBe(false);
    expect(consumed).toEqual({ read: 1, write: 0 });
    const sequences = records.map(({ record }) => {
      const walker = new RowWalker().open(record);
      walker.next();
      return walker.sequence()!;
    });
    expect(sequences).toEqual([1, 2, 3, 4, 5].map((n) => ({ epoch: 0, timestamp: clock.nowMicros() + n, rowIndex: 0 })));
  });

  it("answers the iterator it was asked with when there is nothing new, until there is", async () => {
    const { caller } = await open();
    const first = await iteratorOf(caller, await createWithStream(caller, "t"));
    const empty = await caller.call("GetStreamRecord", { shardIterator: first });
    expect(empty).toMatchObject({ records: [], nextShardIterator: first, mayMoreRecord: false });
    await caller.put("t", { pk: "a" }, { v: 1n });
    const { nextShardIterator: second } = await caller.call("GetStreamRecord", { shardIterator: first });
    expect(second).not.toBe(first);
    expect(await caller.call("GetStreamRecord", { shardIterator: second! })).toMatchObject({ records: [], nextShardIterator: second });
  });

  it("stops at the limit, and says that there is more", async () => {
    const { caller } = await open();
    let shardIterator: string | undefined = await iteratorOf(caller, await createWithStream(caller, "t"));
    await caller.writeBatch(
      "t",
      Array.from({ length: 5 }, (_, i) => ({ key: { pk: `k${i}` }, cells: {} })),
    );
    const pages: [number, boolean][] = [];
    for (let i = 0; i < 3; i++) {
      const page: ResponseOf<"GetStreamRecord"> = await caller.call("GetStreamRecord", { shardIterator: shardIterator!, limit: 2 });
      pages.push([page.records.length, page.mayMoreRecord!]);
      shardIterator = page.nextShardIterator;
    }
    expect(pages).toEqual([
      [2, true],
      [2, true],
      [1, false],
    ]);
  });

  it("answers about one megabyte at most, whatever the limit", async () => {
    const { caller } = await open();
    const shardIterator = await iteratorOf(caller, await createWithStream(caller, "t"));
    for (let i = 0; i < 3; i++) await caller.put("t", { pk: `k${i}` }, { v: Buffer.alloc(600_000) });
    const { records, mayMoreRecord } = await caller.call("GetStreamRecord", { shardIterator, limit: 100 });
    expect([records.length, mayMoreRecord]).toEqual([1, true]);
  });

  it("answers old values of the stream's columns with every record", async () => {
    const { caller } = await open();
    const shardIterator = await iteratorOf(caller, await createWithStream(caller, "t", ["v"]));
    await caller.put("t", { pk: "a" }, [
      { name: "v", value: 1n, timestamp: 1_700_000_000_000 },
      { name: "w", value: 2n },
    ]);
    await caller.delete("t", { pk: "a" });
    const { records } = await caller.call("GetStreamRecord", { shardIterator });
    expect(records.map(({ originRecord }) => decodeOriginRecord(originRecord!).cells)).toEqual([
      [],
      [{ name: "v", value: 1n, timestamp: 1_700_000_000_000 }],
    ]);
  });

  it("names the row in old values too, also where there was none: the Java SDK's getStreamRecord reads no row without a key", async () => {
    const { caller } = await open();
    const shardIterator = await iteratorOf(caller, await createWithStream(caller, "t", ["v"]));
    await caller.put("t", { pk: "a" }, { v: 1n });
    await caller.update("t", { pk: "b" }, [{ op: "put", name: "v", value: 1n }]);
    await caller.delete("t", { pk: "a" });
    const { records } = await caller.call("GetStreamRecord", { shardIterator });
    const keys = records.map(({ originRecord }) => decodeRow(originRecord!)?.key.map(({ value }) => value));
    expect(keys).toEqual([["a"], ["b"], ["a"]]);
  });

  it("has no next iterator once a shard is closed and fully read; its children go on", async () => {
    const { caller } = await open();
    const streamId = await createWithStream(caller, "t");
    await caller.put("t", { pk: "a" }, { v: 1n });
    await caller.put("t", { pk: "z" }, { v: 1n });
    expect(await splitPartition(caller, "t", "m")).toEqual({ table: "t", partitions: 2 });
    await caller.put("t", { pk: "a" }, { v: 2n });
    await caller.put("t", { pk: "z" }, { v: 2n });
    const read = await Promise.all(
      (await shardsOf(caller, streamId)).map(async ({ shardId }) => {
        const { shardIterator } = await caller.call("GetShardIterator", { streamId, shardId });
        const { records, nextShardIterator } = await caller.call("GetStreamRecord", { shardIterator });
        return [...records.map(recordText), nextShardIterator === undefined];
      }),
    );
    expect(read).toEqual([
      ["put a v=1", "put z v=1", true],
      ["put a v=2", false],
      ["put z v=2", false],
    ]);
  });

  it("refuses an iterator whose records have expired, and still reads from the oldest", async () => {
    const { caller, clock } = await open();
    const streamId = await createWithStream(caller, "t");
    const fromOldest = await iteratorOf(caller, streamId);
    await clock.advance(1);
    const fromTime = await iteratorOf(caller, streamId, clock.nowMicros());
    await caller.put("t", { pk: "old" }, { v: 1n });
    await clock.advance(12 * HOUR_MS);
    await caller.put("t", { pk: "new" }, { v: 2n });
    await clock.advance(12 * HOUR_MS + 1);
    expect(await caller.refusal("GetStreamRecord", { shardIterator: fromTime })).toEqual(trimmed);
    const { records } = await caller.call("GetStreamRecord", { shardIterator: fromOldest });
    expect(records.map(recordText)).toEqual(["put new v=2"]);
  });

  it("refuses iterators of streams that are off, and of other instances", async () => {
    const { caller } = await open();
    const shardIterator = await iteratorOf(caller, await createWithStream(caller, "t"));
    expect(await caller.on("second").refusal("GetStreamRecord", { shardIterator })).toEqual(trimmed);
    await caller.call("UpdateTable", { tableName: "t", stream: { enabled: false } });
    expect(await caller.refusal("GetStreamRecord", { shardIterator })).toEqual(trimmed);
  });

  it("refuses what is no iterator, another table's name, and senseless limits", async () => {
    const { caller } = await open();
    const shardIterator = await iteratorOf(caller, await createWithStream(caller, "t"));
    expect(await caller.call("GetStreamRecord", { shardIterator, tableName: "t" })).toMatchObject({ records: [] });
    for (const request of [{ shardIterator: "nope" }, { shardIterator: "" }, { shardIterator, tableName: "other" }]) {
      expect(await caller.refusal("GetStreamRecord", request)).toMatchObject({ status: 400, code: "OTSParameterInvalid" });
    }
    expect((await caller.refusal("GetStreamRecord", { shardIterator, limit: 0 })).text).toBe("The limit must be greater than 0.");
  });
});

describe("GetStreamRecord after a restart", () => {
  it("takes the iterators handed out before, and goes on with the same stream", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "tableferry-conformance-"));
    const clock = new VirtualClock();
    const start = async () => {
      const server = await openEmbeddedServer({ dataDir, clock, http: false, instances: ["first"] });
      return { server, caller: new Caller(server.handler, clock, server.rootKey, "first") };
    };
    try {
      const before = await start();
      const streamId = await createWithStream(before.caller, "t");
      const oldest = await iteratorOf(before.caller, streamId);
      await before.caller.put("t", { pk: "a" }, { v: 1n });
      const { nextShardIterator } = await before.caller.call("GetStreamRecord", { shardIterator: oldest });
      await before.server.close();
      const after = await start();
      await after.caller.put("t", { pk: "b" }, { v: 2n });
      expect(await streamIdOf(after.caller, "t")).toBe(streamId);
      const textsFrom = async (shardIterator: string) =>
        (await after.caller.call("GetStreamRecord", { shardIterator })).records.map(recordText);
      expect(await textsFrom(oldest)).toEqual(["put a v=1", "put b v=2"]);
      expect(await textsFrom(nextShardIterator!)).toEqual(["put b v=2"]);
      await after.server.close();
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
