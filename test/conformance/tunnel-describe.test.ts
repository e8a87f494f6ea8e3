import { expect, it } from "vitest";
import { describeEverywhere } from "./endpoints.ts";
import { oneKey, splitPartition } from "./stream-of.ts";
import { keepStream, named, notExist, TunnelCaller } from "./tunnel-caller.ts";

const HOUR_MS = 3_600_000;

describeEverywhere("tunnel/describe", (open) => {
  it("shows channels with their owners and what they wait for", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "BaseAndStream");
    const statuses = async () =>
      (await tunnel.describe()).channels.map(({ channelType, channelStatus, clientId }) => [channelType, channelStatus, clientId]);
    expect(await statuses()).toEqual([
      ["BaseData", "WAIT", ""],
      ["Stream", "WAIT", ""],
    ]);
    const { clientId, channelIds } = await tunnel.join();
    expect(await statuses()).toEqual([
      ["BaseData", "OPEN", clientId],
      ["Stream", "WAIT", ""],
    ]);
    await tunnel.finish(clientId, channelIds[0]!);
    expect(await statuses()).toEqual([
      ["BaseData", "TERMINATED", ""],
      ["Stream", "OPEN", clientId],
    ]);
    await clock.advance(300_001);
    expect((await statuses())[1]).toEqual(["Stream", "CLOSE", ""]);
  });

  it("shows how far the stream was consumed, by the checkpoint: time in nanoseconds and records", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    const created = clock.now();
    const tunnel = await TunnelCaller.create(caller, "Stream");
    await clock.advance(HOUR_MS);
    for (const pk of ["a", "b"]) await caller.put("t", { pk }, {});
    const { clientId, channelIds } = await tunnel.join();
    const { token } = await tunnel.drain(clientId, channelIds[0]!);
    const progress = async () => {
      const { channels, tunnelRpo } = await tunnel.describe();
      expect(channels[0]!.channelRpo).toBe(tunnelRpo);
      return { milliseconds: Number(tunnelRpo! / 1_000_000n), count: channels[0]!.channelCount };
    };
    expect(await progress()).toEqual({ milliseconds: created, count: 0n });
    await tunnel.checkpoint(clientId, channelIds[0]!, token, 1n);
    expect(await progress()).toEqual({ milliseconds: created + HOUR_MS, count: 2n });
  });

  it("shows the least of the channels that are not done, before which nothing is missing", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    await splitPartition(caller, "t", "m");
    const created = clock.now();
    const tunnel = await TunnelCaller.create(caller, "Stream");
    await clock.advance(HOUR_MS);
    await caller.put("t", { pk: "a" }, {});
    const { clientId, channelIds } = await tunnel.join();
    const { token } = await tunnel.drain(clientId, channelIds[0]!);
    await tunnel.checkpoint(clientId, channelIds[0]!, token, 1n);
    const { channels, tunnelRpo } = await tunnel.describe();
    expect(channels.map(({ channelRpo }) => Number(channelRpo! / 1_000_000n))).toEqual([created + HOUR_MS, created]);
    expect(Number(tunnelRpo! / 1_000_000n)).toBe(created);
  });

  it("leaves channels out of that which are done, and counts what they read to their end", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    const created = clock.now();
    const tunnel = await TunnelCaller.create(caller, "Stream");
    for (const pk of ["a", "b"]) await caller.put("t", { pk }, {});
    await clock.advance(HOUR_MS);
    await splitPartition(caller, "t", "m");
    const { clientId, channelIds } = await tunnel.join();
    await tunnel.finish(clientId, channelIds[0]!);
    const { channels, tunnelRpo } = await tunnel.describe();
    expect(channels.map(({ channelStatus, channelCount }) => [channelStatus, channelCount])).toEqual([
      ["TERMINATED", 2n],
      ["OPEN", 0n],
      ["OPEN", 0n],
    ]);
    expect([Number(channels[0]!.channelRpo! / 1_000_000n), Number(tunnelRpo! / 1_000_000n)]).toEqual([created, created + HOUR_MS]);
  });

  it("does not show shards that were read before the tunnel was made", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await keepStream(caller, 24);
    await caller.put("t", { pk: "a" }, {});
    await splitPartition(caller, "t", "m");
    const tunnel = await TunnelCaller.create(caller, "Stream");
    expect((await tunnel.join()).channelIds).toHaveLength(2);
    expect((await tunnel.describe()).channels.map(({ channelStatus }) => channelStatus)).toEqual(["OPEN", "OPEN"]);
  });

  it("shows a tunnel as expired whose records are gone before anybody read them", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    await keepStream(caller, 1);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    await caller.put("t", { pk: "a" }, {});
    expect((await tunnel.describe()).tunnel.expired).toBe(false);
    await clock.advance(2 * HOUR_MS);
    expect((await tunnel.describe()).tunnel.expired).toBe(true);
    expect(await caller.refusal("tunnel/connect", { tunnelId: tunnel.tunnelId })).toMatchObject({ status: 400, code: "OTSTunnelExpired" });
  });

  it("shows a tunnel as expired for which a shard came and went unseen", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    await keepStream(caller, 1);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    expect((await tunnel.describe()).tunnel.expired).toBe(false);
    await splitPartition(caller, "t", "m");
    await caller.put("t", { pk: "lost" }, {});
    await splitPartition(caller, "t", "f");
    await clock.advance(3 * HOUR_MS);
    expect((await tunnel.describe()).tunnel.expired).toBe(true);
  });

  it("shows a tunnel as expired that did not see a shard before its first records were gone", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    await keepStream(caller, 1);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    await splitPartition(caller, "t", "m");
    await caller.put("t", { pk: "lost" }, {});
    await clock.advance(2 * HOUR_MS);
    await caller.put("t", { pk: "kept" }, {});
    expect((await tunnel.describe()).tunnel.expired).toBe(true);
  });

  it("refuses a tunnel, a table or an id that is not there", async () => {
    const { caller } = await open();
    expect(await caller.refusal("tunnel/describe", named)).toEqual(notExist("tunnel"));
    await caller.createTable("t", oneKey);
    expect(await caller.refusal("tunnel/describe", named)).toEqual(notExist("tunnel"));
    const { tunnelId } = await TunnelCaller.create(caller, "BaseData");
    expect(await caller.refusal("tunnel/describe", { ...named, tunnelId: "another" })).toEqual(notExist("tunnel"));
    expect((await caller.call("tunnel/describe", { ...named, tunnelId })).tunnel.tunnelId).toBe(tunnelId);
  });
});
