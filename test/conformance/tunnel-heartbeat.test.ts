import { expect, it } from "vitest";
import type { Caller } from "./caller.ts";
import { describeEverywhere, describeOnDisk } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import { gone, keepStream, notExist, TunnelCaller } from "./tunnel-caller.ts";

/** A tunnel with three channels of base data. */
async function threeChannels(caller: Caller): Promise<TunnelCaller> {
  await caller.createTable("t", oneKey);
  const large = "x".repeat(1024 * 1024);
  for (let i = 0; i < 10; i++) await caller.put("t", { pk: `k${i}` }, { v: large });
  return TunnelCaller.create(caller, "BaseData");
}

const shown = (channels: Awaited<ReturnType<TunnelCaller["beat"]>>) =>
  channels.map(({ channelId, version, status }) => `${channelId.replace("BaseData_", "")}:${status}:${version}`).join(" ");

describeEverywhere("tunnel/heartbeat", (open) => {
  it("answers all that the client shall hold, the same until something changes", async () => {
    const tunnel = await threeChannels((await open()).caller);
    const clientId = await tunnel.connect();
    expect(shown(await tunnel.beat(clientId))).toBe("0:open:1 1:open:1 2:open:1");
    expect(shown(await tunnel.beat(clientId))).toBe("0:open:1 1:open:1 2:open:1");
  });

  it("orders channels closed when a client joins, and hands them over when their owner says that they are", async () => {
    const tunnel = await threeChannels((await open()).caller);
    const [one, two] = [await tunnel.connect(), await tunnel.connect()];
    await tunnel.beat(one);
    expect(shown(await tunnel.beat(two))).toBe("");
    expect(shown(await tunnel.beat(one))).toBe("0:open:1 1:open:1 2:closing:2");
    expect(shown(await tunnel.beat(two))).toBe("");
    expect(shown(await tunnel.report(one, "BaseData_2", "close"))).toBe("0:open:1 1:open:1");
    expect(shown(await tunnel.beat(two))).toBe("2:open:4");
  });

  it("does not list what was reported terminated again, to anybody", async () => {
    const tunnel = await threeChannels((await open()).caller);
    const one = await tunnel.connect();
    await tunnel.beat(one);
    expect(shown(await tunnel.report(one, "BaseData_1", "terminated"))).toBe("0:open:1 2:open:1");
    expect((await tunnel.describe()).channels[1]).toMatchObject({ channelStatus: "TERMINATED", clientId: "" });
    const two = await tunnel.connect();
    for (const clientId of [two, one]) expect(shown(await tunnel.beat(clientId))).not.toContain("1:");
  });

  it("hands the channels of a client that has fallen silent to the others", async () => {
    const { caller, clock } = await open();
    const tunnel = await threeChannels(caller);
    const [one, two] = [await tunnel.connect(), await tunnel.connect(1000)];
    await tunnel.beat(one);
    await clock.advance(300_001);
    expect(shown(await tunnel.beat(two))).toBe("0:open:3 1:open:3 2:open:3");
    expect(await caller.refusal("tunnel/heartbeat", { tunnelId: tunnel.tunnelId, clientId: one, channels: [] })).toMatchObject(gone);
  });

  it("refuses a client that never connected, and a tunnel that is not there", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const { tunnelId } = await TunnelCaller.create(caller, "BaseData");
    expect(await caller.refusal("tunnel/heartbeat", { tunnelId, clientId: "nobody", channels: [] })).toMatchObject(gone);
    expect(await caller.refusal("tunnel/heartbeat", { tunnelId: "nope", clientId: "nobody", channels: [] })).toEqual(notExist("nope"));
  });

  it("refuses a tunnel whose stream was switched off: its clients give up", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    const { clientId } = await tunnel.join();
    await keepStream(caller, 0);
    const expired = { status: 400, code: "OTSTunnelExpired" };
    const { tunnelId } = tunnel;
    expect(await caller.refusal("tunnel/heartbeat", { tunnelId, clientId, channels: [] })).toMatchObject(expired);
    expect(await caller.refusal("tunnel/connect", { tunnelId })).toMatchObject(expired);
    await keepStream(caller, 24);
    expect(await caller.refusal("tunnel/connect", { tunnelId })).toMatchObject(expired);
    expect((await tunnel.describe()).tunnel.expired).toBe(true);
  });
});

describeOnDisk("tunnel/heartbeat", (open) => {
  it("is kept in what it changed: after a restart versions go on and what is terminated stays so", async () => {
    const endpoint = await open();
    const before = await threeChannels(endpoint.caller);
    const clientId = await before.connect();
    await before.beat(clientId);
    await before.report(clientId, "BaseData_1", "terminated");
    const after = new TunnelCaller((await endpoint.reopen()).caller, before.tunnelId);
    const statuses = (await after.describe()).channels.map(({ channelStatus, clientId: owner }) => [channelStatus, owner]);
    expect(statuses).toEqual([
      ["OPEN", clientId],
      ["TERMINATED", ""],
      ["OPEN", clientId],
    ]);
    await after.caller.call("tunnel/shutdown", { tunnelId: before.tunnelId, clientId });
    expect(shown(await after.beat(await after.connect()))).toBe("0:open:3 2:open:3");
  });
});
