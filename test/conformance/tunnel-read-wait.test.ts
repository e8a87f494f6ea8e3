import { expect, it } from "vitest";
import { openHttpTransport } from "../../src/client/http-transport.ts";
import { signedRequest, WAIT_HEADER } from "../../src/wire/headers.ts";
import { tunnelReadRecords, type TunnelReadRecordsResponse } from "../../src/wire/operation/tunnel-read-records.ts";
import { refusalOf } from "./caller.ts";
import { describeEverywhere, type Endpoint } from "./endpoints.ts";
import { oneKey, recordText, splitPartition } from "./stream-of.ts";
import { gone, TunnelCaller } from "./tunnel-caller.ts";

/** A tunnel on a table, and a client that has read its only channel to the end. */
async function drained({ caller, server, clock }: Endpoint) {
  await caller.createTable("t", oneKey);
  const tunnel = await TunnelCaller.create(caller, "Stream");
  const { clientId, channelIds } = await tunnel.join();
  const [channelId] = channelIds as [string];
  const { token } = await tunnel.drain(clientId, channelId);
  const send = (wait: string, signal?: AbortSignal, transport = caller.transport) => {
    const body = tunnelReadRecords.encodeRequest({ tunnelId: tunnel.tunnelId, clientId, channelId, token });
    const { headers, ...request } = signedRequest("tunnel/readrecords", "first", server.rootKey, body, clock.now());
    return transport({ ...request, headers: { ...headers, [WAIT_HEADER]: wait } }, signal);
  };
  const read = async (wait: string): Promise<TunnelReadRecordsResponse> => tunnelReadRecords.decodeResponse((await send(wait)).body);
  return { tunnel, clientId, channelId, token, send, read };
}

/** Until the server has so many timers: its own, and one a request that waits. */
async function untilWaiting({ clock }: Endpoint, timers: number): Promise<void> {
  for (let turns = 0; clock.waiting < timers; turns++) {
    expect(turns, "nobody waits").toBeLessThan(100_000);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

describeEverywhere("tunnel/readrecords with x-tableferry-wait", (open) => {
  it("is answered as soon as something is written to the channel, without any time passing", async () => {
    const endpoint = await open();
    const { read } = await drained(endpoint);
    const timers = endpoint.clock.waiting;
    const reply = read("500");
    await untilWaiting(endpoint, timers + 1);
    await endpoint.caller.put("t", { pk: "a" }, {});
    expect((await reply).records.map(recordText)).toEqual(["put a"]);
    expect(endpoint.clock.waiting, "the timer is gone").toBe(timers);
  });

  it("is answered with nothing when the time is over, which is a second at most", async () => {
    const endpoint = await open();
    const { read, token } = await drained(endpoint);
    const timers = endpoint.clock.waiting;
    for (const [wish, ms] of [
      ["500", 500],
      ["60000", 1000],
    ] as const) {
      let answered = false;
      const reply = read(wish).finally(() => (answered = true));
      await untilWaiting(endpoint, timers + 1);
      await endpoint.clock.advance(ms - 1);
      expect(answered).toBe(false);
      await endpoint.clock.advance(1);
      expect(await reply).toEqual({ records: [], nextToken: token, mayMoreRecord: false });
    }
  });

  it("is answered at once where there is something, and where the wish makes no sense", async () => {
    const endpoint = await open();
    const { read } = await drained(endpoint);
    for (const wish of ["", "soon", "-5", "1.5", "0", "99999999999"]) expect((await read(wish)).records).toEqual([]);
    await endpoint.caller.put("t", { pk: "a" }, {});
    expect((await read("500")).records.map(recordText)).toEqual(["put a"]);
  });

  it("goes on waiting when something is written to another channel", async () => {
    const endpoint = await open();
    const { tunnel, clientId, channelId, token } = await drained(endpoint);
    await splitPartition(endpoint.caller, "t", "m");
    expect(await tunnel.read(clientId, channelId, token)).toMatchObject({ nextToken: "finished" });
    const [left] = await tunnel.finish(clientId, channelId);
    const { token: at } = await tunnel.drain(clientId, left!.channelId);
    const { clock, caller, server } = endpoint;
    const body = tunnelReadRecords.encodeRequest({ tunnelId: tunnel.tunnelId, clientId, channelId: left!.channelId, token: at });
    const timers = clock.waiting;
    const reply = caller.transport(signedRequest("tunnel/readrecords", "first", server.rootKey, body, clock.now(), 500));
    await untilWaiting(endpoint, timers + 1);
    await caller.put("t", { pk: "z" }, {});
    expect(clock.waiting).toBe(timers + 1);
    await caller.put("t", { pk: "a" }, {});
    expect(tunnelReadRecords.decodeResponse((await reply).body).records.map(recordText)).toEqual(["put a"]);
  });

  it("is answered with the end when the channel's partition is split", async () => {
    const endpoint = await open();
    const { read } = await drained(endpoint);
    const timers = endpoint.clock.waiting;
    const reply = read("500");
    await untilWaiting(endpoint, timers + 1);
    await splitPartition(endpoint.caller, "t", "m");
    expect(await reply).toMatchObject({ records: [], nextToken: "finished" });
  });

  it("is refused when the channel is taken from the reader", async () => {
    const endpoint = await open();
    const { send, tunnel, clientId } = await drained(endpoint);
    const timers = endpoint.clock.waiting;
    const reply = send("500");
    await untilWaiting(endpoint, timers + 1);
    await endpoint.caller.call("tunnel/shutdown", { tunnelId: tunnel.tunnelId, clientId });
    expect(refusalOf(await reply)).toMatchObject(gone);
  });

  it("ends with the server", async () => {
    const endpoint = await open();
    const { read, token } = await drained(endpoint);
    const timers = endpoint.clock.waiting;
    const reply = read("500");
    await untilWaiting(endpoint, timers + 1);
    await endpoint.server.close();
    expect(await reply).toEqual({ records: [], nextToken: token, mayMoreRecord: false });
  });

  it("holds nothing for a reader that has given up", async () => {
    const endpoint = await open();
    const { send } = await drained(endpoint);
    const timers = endpoint.clock.waiting;
    const giveUp = new AbortController();
    const address = endpoint.server.endpoint;
    const http = address === undefined ? undefined : openHttpTransport({ endpoint: address, connections: 1, responseBytesMax: 1e6 });
    const reply = send("500", giveUp.signal, http?.transport).catch(() => undefined);
    await untilWaiting(endpoint, timers + 1);
    giveUp.abort();
    await reply;
    for (let turns = 0; endpoint.clock.waiting > timers; turns++) {
      expect(turns, "it still waits").toBeLessThan(100_000);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await http?.close();
  });
});
