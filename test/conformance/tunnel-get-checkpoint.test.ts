import { expect, it } from "vitest";
import { decodeKey } from "../../src/wire/plainbuffer/decode.ts";
import { decodeTunnelToken } from "../../src/wire/tunnel-token.ts";
import { INF_MIN } from "../../src/model/value.ts";
import { describeEverywhere } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import { gone, notExist, TunnelCaller } from "./tunnel-caller.ts";

describeEverywhere("tunnel/getcheckpoint", (open) => {
  it("answers where a base channel begins: its first key, no iterator, number 0", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await tunnel.join();
    const { checkpoint, sequenceNumber } = await tunnel.getCheckpoint(clientId, channelIds[0]!);
    expect(sequenceNumber).toBe(0n);
    const { primaryKey, iterator, totalCount } = decodeTunnelToken(checkpoint);
    expect([decodeKey(primaryKey!), iterator, totalCount]).toEqual([[{ name: "pk", value: INF_MIN }], undefined, 0n]);
  });

  it("answers where a stream channel begins: an iterator, which tells clients that they may have to wait", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    const { clientId, channelIds } = await tunnel.join();
    const { primaryKey, iterator } = decodeTunnelToken((await tunnel.getCheckpoint(clientId, channelIds[0]!)).checkpoint);
    expect([primaryKey, iterator]).toEqual([undefined, expect.stringMatching(/./)]);
  });

  it("answers only who holds the channel", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { tunnelId } = tunnel;
    const { channelIds } = await tunnel.join();
    const [channelId] = channelIds as [string];
    const other = await tunnel.connect();
    expect(await caller.refusal("tunnel/getcheckpoint", { tunnelId, clientId: other, channelId })).toMatchObject(gone);
    expect(await caller.refusal("tunnel/getcheckpoint", { tunnelId, clientId: "nobody", channelId })).toMatchObject(gone);
    expect(await caller.refusal("tunnel/getcheckpoint", { tunnelId, clientId: other, channelId: "nope" })).toMatchObject(gone);
    expect(await caller.refusal("tunnel/getcheckpoint", { tunnelId: "nope", clientId: other, channelId })).toEqual(notExist("nope"));
  });
});
