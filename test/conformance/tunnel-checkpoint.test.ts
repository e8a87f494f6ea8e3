import { expect, it } from "vitest";
import { decodeTunnelToken, encodeTunnelToken } from "../../src/wire/tunnel-token.ts";
import type { Endpoint } from "./endpoints.ts";
import { describeEverywhere, describeOnDisk } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import { gone, TunnelCaller } from "./tunnel-caller.ts";

async function streamWith({ caller }: Endpoint, ...keys: readonly string[]) {
  await caller.createTable("t", oneKey);
  const tunnel = await TunnelCaller.create(caller, "Stream");
  const { clientId, channelIds } = await tunnel.join();
  for (const pk of keys) await caller.put("t", { pk }, {});
  return { tunnel, clientId, channelId: channelIds[0]! };
}

const mismatch = { status: 400, code: "OTSSequenceNumberNotMatch" };

describeEverywhere("tunnel/checkpoint", (open) => {
  it("is where the next owner goes on", async () => {
    const endpoint = await open();
    const { tunnel, clientId, channelId } = await streamWith(endpoint, "a", "b");
    const { said, token } = await tunnel.drain(clientId, channelId);
    expect(said).toEqual(["put a", "put b"]);
    await tunnel.checkpoint(clientId, channelId, token, 1n);
    await endpoint.caller.put("t", { pk: "c" }, {});
    await endpoint.caller.call("tunnel/shutdown", { tunnelId: tunnel.tunnelId, clientId });
    const next = await tunnel.join();
    expect(await tunnel.getCheckpoint(next.clientId, channelId)).toEqual({ checkpoint: token, sequenceNumber: 1n });
    expect((await tunnel.drain(next.clientId, channelId)).said).toEqual(["put c"]);
  });

  it("is accepted with the number after the last one, once", async () => {
    const endpoint = await open();
    const { tunnel, clientId, channelId } = await streamWith(endpoint, "a");
    const { token } = await tunnel.drain(clientId, channelId);
    const refused = (sequenceNumber: bigint) =>
      endpoint.caller.refusal("tunnel/checkpoint", { tunnelId: tunnel.tunnelId, clientId, channelId, checkpoint: token, sequenceNumber });
    for (const wrong of [0n, 2n, -1n]) expect(await refused(wrong)).toMatchObject(mismatch);
    await tunnel.checkpoint(clientId, channelId, token, 1n);
    expect(await refused(1n)).toMatchObject(mismatch);
    await tunnel.checkpoint(clientId, channelId, token, 2n);
    expect((await tunnel.getCheckpoint(clientId, channelId)).sequenceNumber).toBe(2n);
  });

  it("lets one of two win that send the same number at the same time", async () => {
    const { tunnel, clientId, channelId } = await streamWith(await open(), "a");
    const { token } = await tunnel.drain(clientId, channelId);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => tunnel.checkpoint(clientId, channelId, token, 1n)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("takes a token on which its client counted on, as the Go client does", async () => {
    const { tunnel, clientId, channelId } = await streamWith(await open(), "a");
    const { token } = await tunnel.drain(clientId, channelId);
    await tunnel.checkpoint(clientId, channelId, encodeTunnelToken({ ...decodeTunnelToken(token), totalCount: 41n }), 1n);
    expect((await tunnel.describe()).channels).toMatchObject([{ channelCount: 41n }]);
    expect((await tunnel.drain(clientId, channelId)).said).toEqual([]);
  });

  it("refuses what is no token of the channel, and who does not hold it", async () => {
    const endpoint = await open();
    const { tunnel, clientId, channelId } = await streamWith(endpoint);
    const call = { tunnelId: tunnel.tunnelId, clientId, channelId, sequenceNumber: 1n };
    for (const checkpoint of ["", "????", encodeTunnelToken({ iterator: "another:1" }), encodeTunnelToken({}), "x".repeat(20_000)]) {
      expect(await endpoint.caller.refusal("tunnel/checkpoint", { ...call, checkpoint })).toMatchObject({
        status: 400,
        code: "OTSParameterInvalid",
      });
    }
    const checkpoint = "finished";
    expect(await endpoint.caller.refusal("tunnel/checkpoint", { ...call, clientId: await tunnel.connect(), checkpoint })).toMatchObject(
      gone,
    );
    expect((await tunnel.getCheckpoint(clientId, channelId)).sequenceNumber).toBe(0n);
  });
});

describeOnDisk("tunnel/checkpoint", (open) => {
  it("is kept when it is acknowledged: after a restart reading goes on behind it", async () => {
    const endpoint = await open();
    const { tunnel, clientId, channelId } = await streamWith(endpoint, "a", "b");
    const { checkpoint } = await tunnel.getCheckpoint(clientId, channelId);
    const { token } = await tunnel.drain(clientId, channelId);
    await tunnel.checkpoint(clientId, channelId, checkpoint, 1n);
    await tunnel.checkpoint(clientId, channelId, token, 2n);
    const { caller } = await endpoint.reopen();
    await caller.put("t", { pk: "c" }, {});
    const after = new TunnelCaller(caller, tunnel.tunnelId);
    expect(await after.getCheckpoint(clientId, channelId)).toEqual({ checkpoint: token, sequenceNumber: 2n });
    expect((await after.drain(clientId, channelId)).said).toEqual(["put c"]);
  });
});
