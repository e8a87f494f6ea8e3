import { expect, it } from "vitest";
import { describeEverywhere } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import {} from "./tunnel-caller.ts";

describeEverywhere("tunnel/list", (open) => {
  it("tells of a table's tunnels, or of all in the instance, in order of creation", async () => {
    const { caller, clock } = await open();
    for (const [tableName, ...names] of [
      ["b", "two", "one"],
      ["a", "three"],
    ] as const) {
      await caller.createTable(tableName, oneKey);
      for (const tunnelName of names) await caller.call("tunnel/create", { tableName, tunnelName, tunnelType: "BaseData" });
    }
    const namesOf = async (request: { tableName?: string }) =>
      (await caller.call("tunnel/list", request)).tunnels.map(({ tunnelName }) => tunnelName);
    expect(await namesOf({ tableName: "b" })).toEqual(["two", "one"]);
    expect(await namesOf({})).toEqual(["two", "one", "three"]);
    expect((await caller.call("tunnel/list", { tableName: "a" })).tunnels).toEqual([
      {
        tunnelId: expect.stringMatching(/^[0-9a-f]{32}$/),
        tunnelType: "BaseData",
        tableName: "a",
        instanceName: "first",
        streamId: "",
        stage: "ProcessBaseData",
        expired: false,
        tunnelName: "three",
        createTime: BigInt(clock.now()) * 1_000_000n,
      },
    ]);
  });

  it("does not tell of other instances, and refuses a table that is not there", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.call("tunnel/create", { tableName: "t", tunnelName: "tunnel", tunnelType: "BaseData" });
    expect((await caller.on("second").call("tunnel/list", {})).tunnels).toEqual([]);
    expect(await caller.on("second").refusal("tunnel/list", { tableName: "t" })).toMatchObject({
      status: 400,
      code: "OTSParameterInvalid",
    });
  });
});
