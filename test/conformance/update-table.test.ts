import { expect, it } from "vitest";
import type { StreamSpec } from "../../src/model/schema.ts";
import type { UpdateTableRequest } from "../../src/wire/operation/update-table.ts";
import { tableRequest } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";

const oneKey = [{ name: "pk", type: "string" }] as const;
const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });

describeEverywhere("UpdateTable", (open) => {
  it("changes the options that are present and answers all of them, with the stream switched off", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const reply = await caller.call("UpdateTable", { tableName: "t", options: { allowUpdate: false } });
    expect(reply.options).toEqual({ timeToLive: -1, maxVersions: 1, maxDeviation: 86_400, allowUpdate: false, updateFullRow: false });
    expect(reply.stream).toMatchObject({ enabled: false });
    await caller.call("UpdateTable", { tableName: "t", options: { timeToLive: 86_400, maxVersions: 3, maxDeviation: 10 } });
    expect((await caller.call("DescribeTable", { tableName: "t" })).options).toMatchObject({
      timeToLive: 86_400,
      maxVersions: 3,
      maxDeviation: 10,
      allowUpdate: false,
    });
  });

  it("changes reserved capacity, each part on its own, and remembers when", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    const created = Math.floor(clock.now() / 1000);
    await clock.advance(10_000);
    await caller.call("UpdateTable", { tableName: "t", reserved: { read: 5 } });
    await clock.advance(10_000);
    const { reserved } = await caller.call("UpdateTable", { tableName: "t", reserved: { read: 2 } });
    expect(reserved).toEqual({ read: 2, write: 0, lastIncreaseTime: created + 10, lastDecreaseTime: created + 20 });
  });

  it("switches the stream on and off, and changes how long it keeps records", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    const update = async (stream: StreamSpec) => (await caller.call("UpdateTable", { tableName: "t", stream })).stream!;
    const on = await update({ enabled: true, expirationHours: 24 });
    expect(on).toEqual({
      enabled: true,
      streamId: expect.any(String),
      expirationHours: 24,
      lastEnableTime: clock.nowMicros(),
      originColumns: [],
    });
    expect((await caller.call("DescribeTable", { tableName: "t" })).stream).toEqual(on);
    expect(await update({ enabled: true, expirationHours: 48 })).toEqual({ ...on, expirationHours: 48 });
    expect(await update({ enabled: false })).toEqual({ enabled: false, originColumns: [] });
    expect((await update({ enabled: true, expirationHours: 24 })).streamId).not.toBe(on.streamId);
  });

  it("refuses a stream's options that cannot be, and then changes nothing else either", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const refused = (stream: StreamSpec) => caller.refusal("UpdateTable", { tableName: "t", options: { maxVersions: 9 }, stream });
    expect(await refused({ enabled: true, expirationHours: 169 })).toEqual(
      invalid("The expiration time of a stream must be in range: [1, 168]."),
    );
    await caller.call("UpdateTable", { tableName: "t", stream: { enabled: true, expirationHours: 24, originColumns: ["a"] } });
    expect(await refused({ enabled: true, expirationHours: 24, originColumns: ["b"] })).toMatchObject({ code: "OTSParameterInvalid" });
    const described = await caller.call("DescribeTable", { tableName: "t" });
    expect(described).toMatchObject({ options: { maxVersions: 1 }, stream: { originColumns: ["a"] } });
  });

  it("refuses updates that change nothing, and what cannot be changed", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const refused = (change: Partial<UpdateTableRequest>) => caller.refusal("UpdateTable", { tableName: "t", ...change });
    expect(await refused({ options: {} })).toEqual(invalid("No parameter is specified in table options."));
    expect(await refused({ options: { maxVersions: 0 } })).toEqual(invalid("The maximum versions cannot be less than or equal to 0."));
    expect((await refused({ options: { updateFullRow: true } })).text).toContain("contain updateFullRow");
    expect(await caller.refusal("UpdateTable", { tableName: "nope", options: { maxVersions: 2 } })).toMatchObject({
      status: 404,
      code: "OTSObjectNotExist",
    });
  });

  it("and CreateIndex at the same time leave no index on a table whose options forbid it", async () => {
    const { caller } = await open();
    for (const streamFirst of [true, false]) {
      const tableName = `t${String(streamFirst)}`;
      const meta = { tableName, key: oneKey, definedColumns: [{ name: "d", type: "integer" as const }] };
      await caller.call("CreateTable", { ...tableRequest(tableName, oneKey), meta });
      const stream = streamFirst ? { enabled: true, expirationHours: 24 } : undefined;
      const index = { name: `i${String(streamFirst)}`, keyColumns: ["d"], definedColumns: [], type: "global" as const };
      const outcomes = await Promise.allSettled([
        caller.call("UpdateTable", { tableName, options: { maxVersions: 2 }, stream }),
        caller.call("CreateIndex", { mainTableName: tableName, index, includeBaseData: false }),
      ]);
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const { indexes, options, stream: now } = await caller.call("DescribeTable", { tableName });
      expect(indexes.length > 0).toBe(options.maxVersions === 1);
      expect(now?.enabled).toBe(streamFirst && options.maxVersions === 2);
    }
  });

  it("changes nothing when the stream is refused", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.call("UpdateTable", { tableName: "t", stream: { enabled: true, expirationHours: 24 } });
    const before = await caller.call("DescribeTable", { tableName: "t" });
    const other = { enabled: true, expirationHours: 48, originColumns: ["c"] };
    expect(await caller.refusal("UpdateTable", { tableName: "t", options: { maxVersions: 2 }, stream: other })).toMatchObject({
      status: 400,
    });
    expect(await caller.call("DescribeTable", { tableName: "t" })).toEqual(before);
  });
});
