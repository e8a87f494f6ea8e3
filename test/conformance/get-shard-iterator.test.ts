import { expect, it } from "vitest";
import { describeEverywhere } from "./endpoints.ts";
import { createWithStream, iteratorOf, recordText, shardsOf } from "./stream-of.ts";

describeEverywhere("GetShardIterator", (open) => {
  it("begins at the oldest record, or at a time", async () => {
    const { caller, clock } = await open();
    const streamId = await createWithStream(caller, "t");
    await caller.put("t", { pk: "a" }, { v: 1n });
    await clock.advance(60_000);
    const between = clock.nowMicros();
    await caller.put("t", { pk: "b" }, { v: 2n });
    const textsFrom = async (timestamp?: number) => {
      const shardIterator = await iteratorOf(caller, streamId, timestamp);
      return (await caller.call("GetStreamRecord", { shardIterator })).records.map(recordText);
    };
    expect(await textsFrom()).toEqual(["put a v=1", "put b v=2"]);
    expect(await textsFrom(0)).toEqual(["put a v=1", "put b v=2"]);
    expect(await textsFrom(between)).toEqual(["put b v=2"]);
    expect(await textsFrom(between + 1)).toEqual([]);
  });

  it("at a time to come, waits for the next record", async () => {
    const { caller, clock } = await open();
    const streamId = await createWithStream(caller, "t");
    await caller.put("t", { pk: "a" }, { v: 1n });
    const shardIterator = await iteratorOf(caller, streamId, clock.nowMicros() + 3_600_000_000);
    await caller.put("t", { pk: "b" }, { v: 2n });
    expect((await caller.call("GetStreamRecord", { shardIterator })).records.map(recordText)).toEqual(["put b v=2"]);
  });

  it("hands out no token", async () => {
    const { caller } = await open();
    const streamId = await createWithStream(caller, "t");
    const [shard] = await shardsOf(caller, streamId);
    const reply = await caller.call("GetShardIterator", { streamId, shardId: shard!.shardId, timestamp: 1, token: "" });
    expect(reply.nextToken).toBeUndefined();
  });

  it("refuses unknown streams and shards, the shards of another stream, and senseless times", async () => {
    const { caller } = await open();
    const streamId = await createWithStream(caller, "t");
    const [shard] = await shardsOf(caller, streamId);
    const [foreign] = await shardsOf(caller, await createWithStream(caller, "other"));
    const refused = async (change: { streamId?: string; shardId?: string; timestamp?: number; token?: string }) =>
      caller.refusal("GetShardIterator", { streamId, shardId: shard!.shardId, ...change });
    expect((await refused({ streamId: "nope" })).text).toMatch(/^Invalid stream id/);
    for (const change of [{ shardId: "nope" }, { shardId: foreign!.shardId }, { timestamp: -1 }, { token: "nope" }]) {
      expect(await refused(change)).toMatchObject({ status: 400, code: "OTSParameterInvalid" });
    }
  });
});
