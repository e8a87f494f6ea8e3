import { expect, it } from "vitest";
import { operations } from "../../src/wire/operation/operations.ts";
import { ProtobufReader } from "../../src/wire/protobuf.ts";
import { describeEverywhere, describeOnDisk } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import { named, notExist, TunnelCaller } from "./tunnel-caller.ts";

describeEverywhere("tunnel/delete", (open) => {
  it("frees the name at once, for a tunnel that begins anew", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.put("t", { pk: "a" }, {});
    const first = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await first.join();
    await first.finish(clientId, channelIds[0]!);
    await caller.call("tunnel/delete", named);
    const second = await TunnelCaller.create(caller, "BaseData");
    expect(second.tunnelId).not.toBe(first.tunnelId);
    const again = await second.join();
    expect((await second.drain(again.clientId, again.channelIds[0]!)).said).toEqual(["put a"]);
  });

  it("tells the tunnel's clients that it does not exist, whatever they call", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const { tunnelId, ...tunnel } = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await new TunnelCaller(tunnel.caller, tunnelId).join();
    const channelId = channelIds[0]!;
    await caller.call("tunnel/delete", named);
    const call = { tunnelId, clientId, channelId };
    expect(await caller.refusal("tunnel/heartbeat", { ...call, channels: [] })).toEqual(notExist(tunnelId));
    expect(await caller.refusal("tunnel/connect", { tunnelId })).toEqual(notExist(tunnelId));
    expect(await caller.refusal("tunnel/getcheckpoint", call)).toEqual(notExist(tunnelId));
    expect(await caller.refusal("tunnel/readrecords", { ...call, token: "x" })).toEqual(notExist(tunnelId));
    expect(await caller.refusal("tunnel/checkpoint", { ...call, checkpoint: "x", sequenceNumber: 1n })).toEqual(notExist(tunnelId));
    expect(await caller.refusal("tunnel/shutdown", call)).toEqual(notExist(tunnelId));
  });

  it("refuses a tunnel that is not there, and one whose id is another", async () => {
    const { caller } = await open();
    expect(await caller.refusal("tunnel/delete", named)).toEqual(notExist("tunnel"));
    await caller.createTable("t", oneKey);
    const { tunnelId } = await TunnelCaller.create(caller, "BaseData");
    expect(await caller.refusal("tunnel/delete", { ...named, tunnelId: "another" })).toEqual(notExist("tunnel"));
    expect(await caller.on("second").refusal("tunnel/delete", named)).toEqual(notExist("tunnel"));
    await caller.call("tunnel/delete", { ...named, tunnelId });
  });

  it("is refused with a code and a text and nothing else: the Java client cannot read a tunnel's id there", async () => {
    const { caller } = await open();
    const { body } = await caller.send("tunnel/delete", operations["tunnel/delete"].encodeRequest({ ...named, tunnelId: "another" }));
    const fields: number[] = [];
    for (const reader = new ProtobufReader(body); reader.next(); reader.skip()) fields.push(reader.field);
    expect(fields).toEqual([1, 2]);
  });

  it("is done with the table: who deletes that deletes its tunnels, and a table of the same name has none", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const { tunnelId } = await TunnelCaller.create(caller, "BaseData");
    await caller.call("DeleteTable", { tableName: "t" });
    expect(await caller.refusal("tunnel/connect", { tunnelId })).toEqual(notExist(tunnelId));
    await caller.createTable("t", oneKey);
    expect(await caller.refusal("tunnel/describe", named)).toEqual(notExist("tunnel"));
    expect((await caller.call("tunnel/list", {})).tunnels).toEqual([]);
  });
});

describeOnDisk("tunnel/delete", (open) => {
  it("is for good: neither the tunnel nor those of a deleted table come back with a restart", async () => {
    const endpoint = await open();
    for (const tableName of ["t", "kept"]) {
      await endpoint.caller.createTable(tableName, oneKey);
      for (const tunnelName of ["tunnel", "other"])
        await endpoint.caller.call("tunnel/create", { tableName, tunnelName, tunnelType: "BaseData" });
    }
    await endpoint.caller.call("tunnel/delete", { tableName: "kept", tunnelName: "tunnel" });
    await endpoint.caller.call("DeleteTable", { tableName: "t" });
    const { caller } = await endpoint.reopen();
    expect((await caller.call("tunnel/list", {})).tunnels.map(({ tableName, tunnelName }) => [tableName, tunnelName])).toEqual([
      ["kept", "other"],
    ]);
  });
});
