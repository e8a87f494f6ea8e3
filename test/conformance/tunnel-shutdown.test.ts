import { expect, it } from "vitest";
import { describeEverywhere } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import { gone, notExist, TunnelCaller } from "./tunnel-caller.ts";

describeEverywhere("tunnel/shutdown", (open) => {
  it("gives the client's channels to others without waiting for its silence", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await tunnel.join();
    const other = await tunnel.connect();
    await caller.call("tunnel/shutdown", { tunnelId: tunnel.tunnelId, clientId });
    expect((await tunnel.beat(other)).map(({ channelId }) => channelId)).toEqual(channelIds);
  });

  it("is the client's last call", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const { tunnelId, ...tunnel } = await TunnelCaller.create(caller, "BaseData");
    const { clientId } = await new TunnelCaller(tunnel.caller, tunnelId).join();
    await caller.call("tunnel/shutdown", { tunnelId, clientId });
    expect(await caller.refusal("tunnel/shutdown", { tunnelId, clientId })).toMatchObject(gone);
    expect(await caller.refusal("tunnel/heartbeat", { tunnelId, clientId, channels: [] })).toMatchObject(gone);
    expect(await caller.refusal("tunnel/shutdown", { tunnelId: "nope", clientId })).toEqual(notExist("nope"));
  });
});
