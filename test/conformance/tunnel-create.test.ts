import { expect, it } from "vitest";
import { describeEverywhere, describeOnDisk } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import { named, TunnelCaller } from "./tunnel-caller.ts";

describeEverywhere("tunnel/create", (open) => {
  it("begins with base data where there is some to read, else with the stream; the first stage is passed at once", async () => {
    const { caller } = await open();
    for (const [tunnelType, stage] of [
      ["BaseData", "ProcessBaseData"],
      ["Stream", "ProcessStream"],
      ["BaseAndStream", "ProcessBaseData"],
    ] as const) {
      await caller.createTable(tunnelType, oneKey);
      await caller.call("tunnel/create", { tableName: tunnelType, tunnelName: "tunnel", tunnelType });
      const { tunnel } = await caller.call("tunnel/describe", { tableName: tunnelType, tunnelName: "tunnel" });
      expect(tunnel).toMatchObject({ tunnelType, stage, instanceName: "first", tableName: tunnelType, expired: false });
    }
  });

  it("switches the table's stream on where the tunnel reads it, and leaves one that is on as it is", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const streamOf = async () => (await caller.call("DescribeTable", { tableName: "t" })).stream;
    await TunnelCaller.create(caller, "BaseData");
    expect(await streamOf()).toMatchObject({ enabled: false });
    await caller.call("tunnel/create", { ...named, tunnelName: "second", tunnelType: "Stream" });
    const stream = await streamOf();
    expect(stream).toMatchObject({ enabled: true, expirationHours: 168, originColumns: [] });
    await caller.call("tunnel/create", { ...named, tunnelName: "third", tunnelType: "BaseAndStream" });
    expect(await streamOf()).toEqual(stream);
    const { streamId } = stream!;
    expect((await caller.call("tunnel/list", {})).tunnels.map((tunnel) => tunnel.streamId)).toEqual(["", streamId, streamId]);
  });

  it("cuts base data into ranges of some megabytes, one channel each", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const large = "x".repeat(1024 * 1024);
    for (let i = 0; i < 10; i++) await caller.put("t", { pk: `k${i}` }, { v: large });
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await tunnel.join();
    expect(channelIds).toEqual(["BaseData_0", "BaseData_1", "BaseData_2"]);
    const keys: string[] = [];
    for (const id of channelIds) keys.push(...(await tunnel.drain(clientId, id)).said.map((said) => said.split(" ")[1]!));
    expect(keys).toEqual(Array.from({ length: 10 }, (_, i) => `k${i}`));
  });

  it("refuses a name that the table has a tunnel of", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.createTable("other", oneKey);
    await TunnelCaller.create(caller, "BaseData");
    expect(await caller.refusal("tunnel/create", { ...named, tunnelType: "Stream" })).toMatchObject({
      status: 409,
      code: "OTSTunnelExist",
    });
    await caller.call("tunnel/create", { ...named, tableName: "other", tunnelType: "BaseData" });
  });

  it("lets one of two win that want the same name at the same time", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const outcomes = await Promise.allSettled([TunnelCaller.create(caller, "BaseAndStream"), TunnelCaller.create(caller, "BaseAndStream")]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await caller.call("tunnel/list", { tableName: "t" })).tunnels).toHaveLength(1);
  });

  it("refuses a table that is not there, names that are none, and offsets that cannot be", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const refused = (change: object) => caller.refusal("tunnel/create", { ...named, tunnelType: "Stream", ...change });
    expect(await refused({ tableName: "nope" })).toMatchObject({ status: 400, code: "OTSParameterInvalid" });
    for (const tunnelName of ["", "x".repeat(256)]) expect(await refused({ tunnelName })).toMatchObject({ code: "OTSParameterInvalid" });
    for (const streamConfig of [{ startOffset: -1n }, { endOffset: -1n }, { startOffset: 5n, endOffset: 5n }]) {
      expect(await refused({ streamConfig })).toMatchObject({ status: 400, code: "OTSParameterInvalid" });
    }
    expect((await caller.call("tunnel/list", {})).tunnels).toEqual([]);
  });
});

describeOnDisk("tunnel/create", (open) => {
  it("is done when it is acknowledged: the tunnel is there after a restart, the same in everything", async () => {
    const endpoint = await open();
    await endpoint.caller.createTable("t", oneKey);
    await TunnelCaller.create(endpoint.caller, "BaseAndStream", { flag: "latest", endOffset: 2n ** 62n });
    const before = await endpoint.caller.call("tunnel/describe", named);
    const { caller } = await endpoint.reopen();
    expect(await caller.call("tunnel/describe", named)).toEqual(before);
  });
});
