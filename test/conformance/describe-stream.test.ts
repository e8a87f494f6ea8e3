import { expect, it } from "vitest";
import { describeEverywhere } from "./endpoints.ts";
import { createWithStream, shardsOf, splitPartition } from "./stream-of.ts";

describeEverywhere("DescribeStream", (open) => {
  it("answers what the stream was made with, and its one shard", async () => {
    const { caller, clock } = await open();
    const streamId = await createWithStream(caller, "t");
    expect(await caller.call("DescribeStream", { streamId })).toEqual({
      streamId,
      expirationHours: 24,
      tableName: "t",
      creationTime: clock.nowMicros(),
      status: "active",
      shards: [{ shardId: expect.any(String) }],
    });
  });

  it("answers the children of a split with the parent they share, behind it", async () => {
    const { caller } = await open();
    const streamId = await createWithStream(caller, "t");
    await splitPartition(caller, "t", "m");
    await splitPartition(caller, "t", "g");
    const shards = await shardsOf(caller, streamId);
    const [first, left] = shards.map(({ shardId }) => shardId);
    expect(shards.map(({ parentId }) => parentId)).toEqual([undefined, first, first, left, left]);
    expect(new Set(shards.map(({ shardId }) => shardId)).size).toBe(5);
    expect(shards.every(({ parentSiblingId }) => parentSiblingId === undefined)).toBe(true);
  });

  it("answers shards in pages", async () => {
    const { caller } = await open();
    const streamId = await createWithStream(caller, "t");
    await splitPartition(caller, "t", "m");
    await splitPartition(caller, "t", "g");
    const all = await shardsOf(caller, streamId);
    const paged = [];
    let startShardId: string | undefined;
    do {
      const page = await caller.call("DescribeStream", { streamId, startShardId, shardLimit: 2 });
      expect(page.shards.length).toBeLessThanOrEqual(2);
      paged.push(...page.shards);
      startShardId = page.nextShardId;
    } while (startShardId !== undefined);
    expect(paged).toEqual(all);
  });

  it("refuses streams of nobody and of others, unknown shards and senseless limits", async () => {
    const { caller } = await open();
    const streamId = await createWithStream(caller, "t");
    expect(await caller.refusal("DescribeStream", { streamId: "nope" })).toEqual({
      status: 400,
      code: "OTSParameterInvalid",
      text: "Invalid stream id: nope.",
    });
    expect((await caller.on("second").refusal("DescribeStream", { streamId })).text).toMatch(/^Invalid stream id/);
    expect(await caller.refusal("DescribeStream", { streamId, startShardId: "nope" })).toMatchObject({ code: "OTSParameterInvalid" });
    expect((await caller.refusal("DescribeStream", { streamId, shardLimit: 0 })).text).toBe("The limit must be greater than 0.");
  });
});
