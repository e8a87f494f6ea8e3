import { expect, it } from "vitest";
import type { TunnelChannel } from "../../src/wire/operation/tunnel-channel.ts";
import { describeEverywhere, describeOnDisk } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import { notExist, TunnelCaller } from "./tunnel-caller.ts";

const schedule = (tunnel: TunnelCaller, channelId: string, status: TunnelChannel["status"]) =>
  tunnel.caller.call("tunnel/schedule", { tunnelId: tunnel.tunnelId, channels: [{ channelId, version: 0n, status }] });

describeEverywhere("tunnel/schedule", (open) => {
  it("suspends a channel, which its owner closes, and resumes it", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await tunnel.join();
    const [channelId] = channelIds as [string];
    await schedule(tunnel, channelId, "closing");
    expect(await tunnel.beat(clientId)).toMatchObject([{ status: "closing", version: 2n }]);
    expect(await tunnel.report(clientId, channelId, "close")).toEqual([]);
    expect((await tunnel.describe()).channels).toMatchObject([{ channelStatus: "CLOSE" }]);
    await schedule(tunnel, channelId, "open");
    expect(await tunnel.beat(clientId)).toMatchObject([{ status: "open", version: 4n }]);
  });

  it("stops a channel for good", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await tunnel.join();
    await schedule(tunnel, channelIds[0]!, "terminated");
    await schedule(tunnel, channelIds[0]!, "open");
    expect(await tunnel.beat(clientId)).toEqual([]);
    expect((await tunnel.describe()).channels).toMatchObject([{ channelStatus: "TERMINATED" }]);
  });

  it("does all or nothing, and refuses what it cannot do", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await tunnel.join();
    const refused = (channelId: string, status: TunnelChannel["status"]) =>
      caller.refusal("tunnel/schedule", {
        tunnelId: tunnel.tunnelId,
        channels: [
          { channelId: channelIds[0]!, version: 0n, status: "closing" },
          { channelId, version: 0n, status },
        ],
      });
    expect(await refused("nope", "closing")).toMatchObject({ status: 400, code: "OTSParameterInvalid" });
    expect(await refused(channelIds[0]!, "close")).toMatchObject({ status: 400, code: "OTSParameterInvalid" });
    expect(await tunnel.beat(clientId)).toMatchObject([{ status: "open" }]);
    expect(await caller.refusal("tunnel/schedule", { tunnelId: "nope", channels: [] })).toEqual(notExist("nope"));
  });
});

describeOnDisk("tunnel/schedule", (open) => {
  it("holds over a restart", async () => {
    const endpoint = await open();
    await endpoint.caller.createTable("t", oneKey);
    const before = await TunnelCaller.create(endpoint.caller, "BaseData");
    await schedule(before, "BaseData_0", "closing");
    const after = new TunnelCaller((await endpoint.reopen()).caller, before.tunnelId);
    const { clientId, channelIds } = await after.join();
    expect(channelIds).toEqual([]);
    await schedule(after, "BaseData_0", "open");
    expect(await after.beat(clientId)).toHaveLength(1);
  });
});
