import { expect, it } from "vitest";
import { encodeKey } from "../../src/wire/plainbuffer/encode.ts";
import { decodeOriginRecord, decodeStreamRecord } from "../../src/wire/plainbuffer/decode-change.ts";
import { encodeTunnelToken } from "../../src/wire/tunnel-token.ts";
import type { StreamTunnelConfig } from "../../src/wire/operation/tunnel-create.ts";
import { describeEverywhere, describeOnDisk, type Endpoint } from "./endpoints.ts";
import { oneKey, recordText, shardsOf, splitPartition, streamIdOf } from "./stream-of.ts";
import { gone, keepStream, notExist, TunnelCaller } from "./tunnel-caller.ts";

const HOUR_MS = 3_600_000;
const trimmed = {
  status: 400,
  code: "OTSTunnelServerUnavailable",
  text: "OTSTrimmedDataAccess Requested stream data is already trimmed or does not exist.",
};

/** A table with a stream, in which rows were written hour by hour. */
async function hourly(endpoint: Endpoint, ...keys: readonly string[]): Promise<number> {
  const { caller, clock } = endpoint;
  await caller.createTable("t", oneKey);
  await keepStream(caller, 24);
  const start = clock.now();
  for (const pk of keys) {
    await clock.advance(HOUR_MS);
    await caller.put("t", { pk }, {});
  }
  return start;
}

/** Lets the records of a stream kept for an hour expire, and waits until shards that are closed are gone with them, in the background. */
async function untilShards({ caller, clock }: Endpoint, count: number): Promise<void> {
  const streamId = await streamIdOf(caller, "t");
  await clock.advance(3 * HOUR_MS);
  await expect.poll(async () => (await shardsOf(caller, streamId)).length, { timeout: 10_000 }).toBe(count);
}

/** What a client finds in the only channel of a new tunnel. */
async function saidBy({ caller }: Endpoint, config: StreamTunnelConfig): Promise<{ said: string[]; token: string }> {
  const tunnel = await TunnelCaller.create(caller, "Stream", config);
  const { clientId, channelIds } = await tunnel.join();
  return tunnel.drain(clientId, channelIds[0]!);
}

const ns = (ms: number) => BigInt(ms) * 1_000_000n;

describeEverywhere("tunnel/readrecords of base data", (open) => {
  it("hands out rows as they are: put, all versions of all cells, no sequence; and then it is finished", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey, { maxVersions: 2 });
    for (const timestamp of [1_700_000_000_001, 1_700_000_000_002]) {
      await caller.put("t", { pk: "a" }, []);
      await caller.update("t", { pk: "a" }, [{ op: "put", name: "c", value: BigInt(timestamp), timestamp }]);
    }
    await caller.update("t", { pk: "a" }, [{ op: "put", name: "c", value: 1n, timestamp: 1_700_000_000_001 }]);
    await caller.put("t", { pk: "b" }, {});
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await tunnel.join();
    const { checkpoint } = await tunnel.getCheckpoint(clientId, channelIds[0]!);
    const { records, nextToken, mayMoreRecord } = await tunnel.read(clientId, channelIds[0]!, checkpoint);
    expect([records.map(recordText), nextToken, mayMoreRecord]).toEqual([["put a c=1700000000002 c=1", "put b"], "finished", false]);
    expect(records.map(({ record, originRecord }) => [decodeStreamRecord(record).sequence, originRecord])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(await tunnel.read(clientId, channelIds[0]!, "finished")).toEqual({ records: [], nextToken: "finished", mayMoreRecord: false });
  });

  it("fills its pages: 1,000 records, or a megabyte", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const key = (i: number) => ({ pk: `k${String(i).padStart(4, "0")}` });
    for (let from = 0; from < 1200; from += 200) {
      await caller.writeBatch(
        "t",
        Array.from({ length: 200 }, (_, i) => ({ key: key(from + i), cells: {} })),
      );
    }
    for (let i = 2000; i < 2003; i++) await caller.put("t", key(i), { v: "x".repeat(600 * 1024) });
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await tunnel.join();
    const pages: [number, boolean | undefined][] = [];
    let { checkpoint: token } = await tunnel.getCheckpoint(clientId, channelIds[0]!);
    while (token !== "finished") {
      const page = await tunnel.read(clientId, channelIds[0]!, token);
      pages.push([page.records.length, page.mayMoreRecord]);
      token = page.nextToken;
    }
    expect(pages).toEqual([
      [1000, true],
      [202, true],
      [1, false],
    ]);
  });

  it("is finished at once in an empty table", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await tunnel.join();
    expect(await tunnel.drain(clientId, channelIds[0]!)).toEqual({ said: [], token: "finished" });
  });

  it("refuses tokens that lead out of the channel's range, or fit no key of the table", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    for (let i = 0; i < 10; i++) await caller.put("t", { pk: `k${i}` }, { v: "x".repeat(1024 * 1024) });
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId } = await tunnel.join();
    const tokenAt = (name: string, value: string | bigint) => encodeTunnelToken({ primaryKey: encodeKey([{ name, value }]) });
    const refused = (token: string) =>
      caller.refusal("tunnel/readrecords", { tunnelId: tunnel.tunnelId, clientId, channelId: "BaseData_1", token });
    for (const token of [tokenAt("pk", "k1"), tokenAt("pk", "k9"), encodeTunnelToken({ iterator: "x:1" })]) {
      expect(await refused(token)).toMatchObject({ status: 400, code: "OTSParameterInvalid" });
    }
    expect(await refused(tokenAt("other", "k5"))).toMatchObject({ code: "OTSInvalidPK" });
    expect(await refused(tokenAt("pk", 5n))).toMatchObject({ code: "OTSInvalidPK" });
  });
});

describeEverywhere("tunnel/readrecords of a stream", (open) => {
  it("hands out what was done since the tunnel was made, in order, each with its sequence", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.put("t", { pk: "before" }, {});
    const tunnel = await TunnelCaller.create(caller, "Stream");
    await caller.put("t", { pk: "a" }, { c: 1n });
    await caller.update("t", { pk: "a" }, [
      { op: "put", name: "d", value: 2n },
      { op: "deleteAll", name: "c" },
    ]);
    await caller.delete("t", { pk: "a" });
    const { clientId, channelIds } = await tunnel.join();
    const { checkpoint } = await tunnel.getCheckpoint(clientId, channelIds[0]!);
    const { records, mayMoreRecord } = await tunnel.read(clientId, channelIds[0]!, checkpoint);
    expect(records.map(recordText)).toEqual(["put a c=1", "update a deleteAll c d=2", "delete a"]);
    expect(mayMoreRecord).toBe(false);
    const sequences = records.map(({ record }) => decodeStreamRecord(record).sequence!.timestamp);
    expect(sequences.toSorted((a, b) => a - b)).toEqual(sequences);
  });

  it("hands out old values where the stream keeps them", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await keepStream(caller, 24, ["c"]);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    for (const c of [1n, 2n]) await caller.put("t", { pk: "a" }, { c });
    const { clientId, channelIds } = await tunnel.join();
    const { records } = await tunnel.read(clientId, channelIds[0]!, (await tunnel.getCheckpoint(clientId, channelIds[0]!)).checkpoint);
    expect(records.map(({ originRecord }) => decodeOriginRecord(originRecord!).cells.map(({ value }) => value))).toEqual([[], [1n]]);
  });

  it("answers at once when there is nothing: the same place, no more", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    const { clientId, channelIds } = await tunnel.join();
    const { checkpoint } = await tunnel.getCheckpoint(clientId, channelIds[0]!);
    expect(await tunnel.read(clientId, channelIds[0]!, checkpoint)).toEqual({ records: [], nextToken: checkpoint, mayMoreRecord: false });
  });

  it("fills its pages and says when more is ready", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    for (let from = 0; from < 1200; from += 200) {
      await caller.writeBatch(
        "t",
        Array.from({ length: 200 }, (_, i) => ({ key: { pk: `k${from + i}` }, cells: {} })),
      );
    }
    const { clientId, channelIds } = await tunnel.join();
    const first = await tunnel.read(clientId, channelIds[0]!, (await tunnel.getCheckpoint(clientId, channelIds[0]!)).checkpoint);
    expect([first.records.length, first.mayMoreRecord]).toEqual([1000, true]);
    const second = await tunnel.read(clientId, channelIds[0]!, first.nextToken);
    expect([second.records.length, second.mayMoreRecord]).toEqual([200, false]);
  });

  it("begins with the oldest record retained, or at a time, where the tunnel was made so; with what comes else", async () => {
    const endpoint = await open();
    const start = await hourly(endpoint, "h1", "h2", "h3");
    const { caller } = endpoint;
    for (const [config, said] of [
      [{ flag: "earliest" }, ["put h1", "put h2", "put h3"]],
      [{ flag: "latest" }, []],
      [{}, []],
      [{ startOffset: ns(start + 2 * HOUR_MS) }, ["put h2", "put h3"]],
      [{ startOffset: ns(start + 2 * HOUR_MS) + 1n }, ["put h3"]],
      [{ startOffset: 1n }, ["put h1", "put h2", "put h3"]],
      [{ startOffset: ns(start + 9 * HOUR_MS) }, []],
    ] as const) {
      expect((await saidBy(endpoint, config)).said).toEqual(said);
      await caller.call("tunnel/delete", { tableName: "t", tunnelName: "tunnel" });
    }
  });

  it("leaves out what is before a start that has yet to come", async () => {
    const endpoint = await open();
    const start = await hourly(endpoint);
    const tunnel = await TunnelCaller.create(endpoint.caller, "Stream", { startOffset: ns(start + HOUR_MS) });
    const { clientId, channelIds } = await tunnel.join();
    await endpoint.caller.put("t", { pk: "early" }, {});
    await endpoint.clock.advance(HOUR_MS);
    await tunnel.beat(clientId).catch(() => undefined);
    await endpoint.caller.put("t", { pk: "late" }, {});
    const next = await tunnel.join();
    expect((await tunnel.drain(next.clientId, channelIds[0]!)).said).toEqual(["put late"]);
  });

  it("is finished at the end the tunnel was given: with the first record behind it, or when the time has come", async () => {
    const endpoint = await open();
    const start = await hourly(endpoint, "h1", "h2", "h3");
    const { caller, clock } = endpoint;
    const until = (hours: number) => saidBy(endpoint, { flag: "earliest", endOffset: ns(start + hours * HOUR_MS) });
    expect(await until(3)).toEqual({ said: ["put h1", "put h2"], token: "finished" });
    await caller.call("tunnel/delete", { tableName: "t", tunnelName: "tunnel" });
    const later = await until(4);
    expect(later).toMatchObject({ said: ["put h1", "put h2", "put h3"], token: expect.not.stringMatching("finished") });
    await clock.advance(HOUR_MS);
    const tunnel = new TunnelCaller(
      caller,
      (await caller.call("tunnel/describe", { tableName: "t", tunnelName: "tunnel" })).tunnel.tunnelId,
    );
    const { clientId, channelIds } = await tunnel.join();
    expect((await tunnel.drain(clientId, channelIds[0]!)).token).toBe("finished");
  });

  it("reads a shard that was split to its end, then its children, which wait for that", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    for (const pk of ["a", "z"]) await caller.put("t", { pk }, {});
    await splitPartition(caller, "t", "m");
    for (const pk of ["b", "y"]) await caller.put("t", { pk }, {});
    const { clientId, channelIds } = await tunnel.join();
    expect(channelIds).toHaveLength(1);
    expect(await tunnel.drain(clientId, channelIds[0]!)).toEqual({ said: ["put a", "put z"], token: "finished" });
    expect(await tunnel.beat(clientId)).toHaveLength(1);
    const children = (await tunnel.finish(clientId, channelIds[0]!)).map(({ channelId }) => channelId);
    expect(children).toHaveLength(2);
    expect((await tunnel.drain(clientId, children[0]!)).said).toEqual(["put b"]);
    expect((await tunnel.drain(clientId, children[1]!)).said).toEqual(["put y"]);
  });

  it("is finished also in a shard that was read, split, and is gone by now", async () => {
    const endpoint = await open();
    const { caller, clock } = endpoint;
    await caller.createTable("t", oneKey);
    await keepStream(caller, 1);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    await caller.put("t", { pk: "a" }, {});
    const first = await tunnel.join();
    const { token } = await tunnel.drain(first.clientId, first.channelIds[0]!);
    await tunnel.checkpoint(first.clientId, first.channelIds[0]!, token, 1n);
    await clock.advance(3 * HOUR_MS);
    await splitPartition(caller, "t", "m");
    await untilShards(endpoint, 2);
    const { clientId, channelIds } = await tunnel.join();
    expect(channelIds).toEqual(first.channelIds);
    expect(await tunnel.drain(clientId, channelIds[0]!)).toEqual({ said: [], token: "finished" });
    expect(await tunnel.finish(clientId, channelIds[0]!)).toHaveLength(2);
    expect(await tunnel.beat(clientId)).toHaveLength(2);
    expect((await tunnel.describe()).channels.map(({ channelStatus }) => channelStatus)).toEqual(["OPEN", "OPEN"]);
  });

  it("refuses to pass over records that have expired; the tunnel's clients then give up", async () => {
    const endpoint = await open();
    await hourly(endpoint);
    const { caller, clock } = endpoint;
    const tunnel = await TunnelCaller.create(caller, "Stream");
    const { tunnelId } = tunnel;
    await caller.put("t", { pk: "lost" }, {});
    const clientId = await tunnel.connect(48 * 3600);
    const [held] = await tunnel.beat(clientId);
    const { checkpoint: token } = await tunnel.getCheckpoint(clientId, held!.channelId);
    await clock.advance(23 * HOUR_MS);
    await tunnel.beat(clientId);
    await clock.advance(2 * HOUR_MS);
    await caller.put("t", { pk: "kept" }, {});
    expect(await caller.refusal("tunnel/readrecords", { tunnelId, clientId, channelId: held!.channelId, token })).toEqual(trimmed);
    expect(await caller.refusal("tunnel/heartbeat", { tunnelId, clientId, channels: [] })).toMatchObject({ code: "OTSTunnelExpired" });
  });

  it("does not take what was consumed for lost: an old token is refused, and the tunnel goes on", async () => {
    const endpoint = await open();
    await hourly(endpoint);
    const { caller, clock } = endpoint;
    const tunnel = await TunnelCaller.create(caller, "Stream");
    const { tunnelId } = tunnel;
    await caller.put("t", { pk: "a" }, {});
    const first = await tunnel.join();
    const [channelId] = first.channelIds as [string];
    const { checkpoint: old } = await tunnel.getCheckpoint(first.clientId, channelId);
    await tunnel.checkpoint(first.clientId, channelId, (await tunnel.drain(first.clientId, channelId)).token, 1n);
    await clock.advance(25 * HOUR_MS);
    await caller.put("t", { pk: "b" }, {});
    const { clientId } = await tunnel.join();
    expect(await caller.refusal("tunnel/readrecords", { tunnelId, clientId, channelId, token: old })).toEqual(trimmed);
    expect(await tunnel.beat(clientId)).toHaveLength(1);
    expect((await tunnel.drain(clientId, channelId)).said).toEqual(["put b"]);
  });

  it("goes on in a stream in which nothing happened for longer than it is kept", async () => {
    const endpoint = await open();
    await hourly(endpoint);
    const { caller, clock } = endpoint;
    const tunnel = await TunnelCaller.create(caller, "Stream");
    await clock.advance(50 * HOUR_MS);
    await caller.put("t", { pk: "a" }, {});
    const { clientId, channelIds } = await tunnel.join();
    expect((await tunnel.drain(clientId, channelIds[0]!)).said).toEqual(["put a"]);
  });

  it("refuses who does not hold the channel, and tokens that are none", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const { tunnelId, ...tunnel } = await TunnelCaller.create(caller, "Stream");
    const owner = await new TunnelCaller(tunnel.caller, tunnelId).join();
    const channelId = owner.channelIds[0]!;
    const call = { tunnelId, clientId: owner.clientId, channelId, token: "finished" };
    const { clientId: other } = await new TunnelCaller(caller, tunnelId).join();
    expect(await caller.refusal("tunnel/readrecords", { ...call, clientId: other })).toMatchObject(gone);
    expect(await caller.refusal("tunnel/readrecords", { ...call, tunnelId: "nope" })).toEqual(notExist("nope"));
    for (const token of ["", "!", "AAAA", encodeTunnelToken({ iterator: `${channelId}:` }), encodeTunnelToken({ iterator: "1" })]) {
      expect(await caller.refusal("tunnel/readrecords", { ...call, token })).toMatchObject({ status: 400, code: "OTSParameterInvalid" });
    }
  });
});

describeEverywhere("tunnel/readrecords of base data and stream", (open) => {
  it("begins the stream where the tunnel was made, however long the base data takes, and opens it after that", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.put("t", { pk: "a" }, { c: 1n });
    const tunnel = await TunnelCaller.create(caller, "BaseAndStream");
    await caller.put("t", { pk: "a" }, { c: 2n });
    await caller.put("t", { pk: "b" }, {});
    const { clientId, channelIds } = await tunnel.join();
    expect(channelIds).toEqual(["BaseData_0"]);
    expect((await tunnel.drain(clientId, "BaseData_0")).said).toEqual(["put a c=2", "put b"]);
    await caller.put("t", { pk: "c" }, {});
    expect((await tunnel.describe()).tunnel.stage).toBe("ProcessBaseData");
    const [stream] = await tunnel.finish(clientId, "BaseData_0");
    expect((await tunnel.describe()).tunnel.stage).toBe("ProcessStream");
    expect((await tunnel.drain(clientId, stream!.channelId)).said).toEqual(["put a c=2", "put b", "put c"]);
  });

  it("takes no start but its own", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "BaseAndStream", { startOffset: ns(clock.now() + HOUR_MS) });
    await caller.put("t", { pk: "a" }, {});
    await splitPartition(caller, "t", "m");
    await caller.put("t", { pk: "b" }, {});
    const { clientId } = await tunnel.join();
    const [parent] = await tunnel.finish(clientId, "BaseData_0");
    expect((await tunnel.drain(clientId, parent!.channelId)).said).toEqual(["put a"]);
    const [left] = await tunnel.finish(clientId, parent!.channelId);
    expect((await tunnel.drain(clientId, left!.channelId)).said).toEqual(["put b"]);
  });

  it("loses no write that was under way when the tunnel was made", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const writes = Array.from({ length: 20 }, (_, i) => caller.put("t", { pk: `k${i}` }, {}));
    const tunnel = await TunnelCaller.create(caller, "BaseAndStream");
    await Promise.all(writes);
    const { clientId } = await tunnel.join();
    const { said } = await tunnel.drain(clientId, "BaseData_0");
    const [stream] = await tunnel.finish(clientId, "BaseData_0");
    said.push(...(await tunnel.drain(clientId, stream!.channelId)).said);
    expect(new Set(said).size).toBe(20);
  });
});

describeOnDisk("tunnel/readrecords of base data and stream", (open) => {
  it("goes on after a restart in the stage and at the places it had reached", async () => {
    const endpoint = await open();
    await endpoint.caller.createTable("t", oneKey);
    const before = await TunnelCaller.create(endpoint.caller, "BaseAndStream");
    await endpoint.caller.put("t", { pk: "a" }, {});
    const { clientId } = await before.join();
    await before.finish(clientId, "BaseData_0");
    await splitPartition(endpoint.caller, "t", "m");
    const { caller } = await endpoint.reopen();
    await caller.put("t", { pk: "z" }, {});
    const after = new TunnelCaller(caller, before.tunnelId);
    const [held] = await after.beat(clientId);
    expect(await after.drain(clientId, held!.channelId)).toEqual({ said: ["put a"], token: "finished" });
    const children = await after.finish(clientId, held!.channelId);
    const said = await Promise.all(children.map(async ({ channelId }) => (await after.drain(clientId, channelId)).said));
    expect(said).toEqual([[], ["put z"]]);
  });

  it("needs no shard any more that was read to its end, though its reader vanished before it said so", async () => {
    const endpoint = await open();
    await endpoint.caller.createTable("t", oneKey);
    await keepStream(endpoint.caller, 1);
    const before = await TunnelCaller.create(endpoint.caller, "Stream");
    await endpoint.caller.put("t", { pk: "a" }, {});
    await splitPartition(endpoint.caller, "t", "m");
    const { clientId, channelIds } = await before.join();
    const { token } = await before.drain(clientId, channelIds[0]!);
    await before.checkpoint(clientId, channelIds[0]!, token, 1n);
    await untilShards(endpoint, 2);
    const after = new TunnelCaller((await endpoint.reopen()).caller, before.tunnelId);
    await endpoint.clock.advance(300_001);
    const next = await after.join();
    expect(next.channelIds).toEqual(channelIds);
    expect(await after.report(next.clientId, channelIds[0]!, "terminated")).toHaveLength(2);
  });
});
