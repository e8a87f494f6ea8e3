import { expect, it } from "vitest";
import { decodeRealKey } from "../../src/wire/plainbuffer/decode.ts";
import { tableRequest } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";
import { splitPartition } from "./stream-of.ts";

describeEverywhere("DescribeTable", (open) => {
  it("answers everything the table was made with, and the defaults of the rest", async () => {
    const { caller, clock } = await open();
    const key = [
      { name: "s", type: "string" },
      { name: "b", type: "binary" },
      { name: "n", type: "integer", autoIncrement: true },
    ] as const;
    const request = tableRequest("t", key, { timeToLive: 86_400, maxVersions: 7 });
    const definedColumns = (["integer", "double", "boolean", "string", "binary"] as const).map((type) => ({ name: `c_${type}`, type }));
    await caller.call("CreateTable", { ...request, meta: { ...request.meta, definedColumns }, reserved: { read: 3, write: 4 } });
    const described = await caller.call("DescribeTable", { tableName: "t" });
    expect(described).toMatchObject({
      meta: { tableName: "t", definedColumns },
      reserved: { read: 3, write: 4, lastIncreaseTime: Math.floor(clock.now() / 1000) },
      options: { timeToLive: 86_400, maxVersions: 7, maxDeviation: 86_400, allowUpdate: true, updateFullRow: false },
      status: "active",
      stream: { enabled: false },
      shardSplits: [],
      indexes: [],
      creationTime: clock.nowMicros(),
    });
    expect(described.meta.key.map(({ name, type, autoIncrement }) => [name, type, autoIncrement === true])).toEqual([
      ["s", "string", false],
      ["b", "binary", false],
      ["n", "integer", true],
    ]);
    expect(described.encryption).toBeUndefined();
  });

  it("answers where the partitions begin, by their partition keys", async () => {
    const { caller } = await open();
    const key = [
      { name: "pk", type: "integer" },
      { name: "s", type: "string" },
    ] as const;
    await caller.createTable("t", key);
    await splitPartition(caller, "t", "7");
    await splitPartition(caller, "t", "-3");
    const { shardSplits } = await caller.call("DescribeTable", { tableName: "t" });
    expect(shardSplits.map((split) => decodeRealKey(split))).toEqual([[{ name: "pk", value: -3n }], [{ name: "pk", value: 7n }]]);
  });

  it("refuses a table that is not there", async () => {
    const { caller } = await open();
    expect(await caller.refusal("DescribeTable", { tableName: "t" })).toEqual({
      status: 404,
      code: "OTSObjectNotExist",
      text: "Requested table does not exist.",
    });
  });
});
