import { expect, it } from "vitest";
import { tableRequest } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";

const stream = { enabled: true, expirationHours: 24 } as const;

describeEverywhere("ListStream", (open) => {
  it("answers the stream of a table, and without a table those of all", async () => {
    const { caller, clock } = await open();
    await caller.createTable("quiet", oneKey);
    await caller.call("CreateTable", { ...tableRequest("b", oneKey), stream });
    await clock.advance(1000);
    await caller.call("CreateTable", { ...tableRequest("a", oneKey), stream });
    const ofA = await caller.call("ListStream", { tableName: "a" });
    expect(ofA.streams).toEqual([{ streamId: expect.any(String), tableName: "a", creationTime: clock.nowMicros() }]);
    const { streams } = await caller.call("ListStream", {});
    expect(streams.map(({ tableName, creationTime }) => [tableName, creationTime - clock.nowMicros()])).toEqual([
      ["a", 0],
      ["b", -1_000_000],
    ]);
    expect((await caller.call("ListStream", { tableName: "quiet" })).streams).toEqual([]);
  });

  it("answers another stream after it was switched off and on", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", { ...tableRequest("t", oneKey), stream });
    const before = await caller.call("ListStream", { tableName: "t" });
    await caller.call("UpdateTable", { tableName: "t", stream: { enabled: false } });
    expect((await caller.call("ListStream", { tableName: "t" })).streams).toEqual([]);
    await caller.call("UpdateTable", { tableName: "t", stream });
    const after = await caller.call("ListStream", { tableName: "t" });
    expect(after.streams[0]!.streamId).not.toBe(before.streams[0]!.streamId);
  });

  it("keeps instances apart", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", { ...tableRequest("t", oneKey), stream });
    expect((await caller.on("second").call("ListStream", {})).streams).toEqual([]);
  });

  it("refuses a table that is not there", async () => {
    const { caller } = await open();
    expect(await caller.refusal("ListStream", { tableName: "t" })).toMatchObject({ status: 404, code: "OTSObjectNotExist" });
  });
});
