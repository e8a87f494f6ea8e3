import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { signedRequest, WAIT_HEADER } from "../../src/wire/headers.ts";
import { tunnelReadRecords } from "../../src/wire/operation/tunnel-read-records.ts";
import { valuesOf, type Caller } from "./caller.ts";
import { describeEverywhere, describeOnDisk, type Endpoint } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import { createForTransactions, TransactionCaller } from "./transaction-of.ts";
import { gone, TunnelCaller } from "./tunnel-caller.ts";

async function snapshotPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tableferry-restore-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "snapshot");
}

/** Every key of table `t` with the value of its cell. */
async function rowsOf(caller: Caller, keys: readonly string[]): Promise<Record<string, unknown>> {
  const rows = await Promise.all(keys.map(async (pk) => [pk, valuesOf(await caller.get("t", { pk }))?.["v"]] as const));
  return Object.fromEntries(rows);
}

/** A store whose row `a` was 1 when the snapshot was taken, and is 2 now, beside a row `b` and a table `later`. */
async function changedSince(endpoint: Endpoint): Promise<string> {
  const { caller, server } = endpoint;
  const path = await snapshotPath();
  await caller.createTable("t", oneKey);
  await caller.put("t", { pk: "a" }, { v: 1n });
  await server.store.snapshot(path);
  await caller.put("t", { pk: "a" }, { v: 2n });
  await caller.put("t", { pk: "b" }, { v: 2n });
  await caller.createTable("later", oneKey);
  return path;
}

describeEverywhere("a snapshot restored into a running server", (open) => {
  it("takes the place of everything there is; key, id and address stay", async () => {
    const endpoint = await open();
    const { caller, server } = endpoint;
    const path = await changedSince(endpoint);
    const before = [server.storeId, server.endpoint, server.rootKey];
    const { size } = await stat(path);
    expect(await server.restore(path)).toEqual({ entries: expect.any(Number), bytes: size });
    expect([server.storeId, server.endpoint, server.rootKey]).toEqual(before);
    expect(await rowsOf(caller, ["a", "b"])).toEqual({ a: 1n, b: undefined });
    expect((await caller.call("ListTable", {})).tableNames).toEqual(["t"]);
    await caller.put("t", { pk: "b" }, { v: 3n });
    await caller.createTable("later", oneKey);
    expect(await rowsOf(caller, ["a", "b"])).toEqual({ a: 1n, b: 3n });
  });

  it("can be restored again and again", async () => {
    const endpoint = await open();
    const { caller, server } = endpoint;
    const path = await changedSince(endpoint);
    for (let round = 0; round < 3; round++) {
      await caller.put("t", { pk: "b" }, { v: 4n });
      await Promise.all([server.restore(path), server.restore(path)]);
      expect(await rowsOf(caller, ["a", "b"])).toEqual({ a: 1n, b: undefined });
    }
  });

  it("changes nothing when it is missing, damaged or of a newer version", async () => {
    const endpoint = await open();
    const { caller, server } = endpoint;
    const path = await changedSince(endpoint);
    const whole = await readFile(path);
    const spoilt = async (change: (bytes: Buffer) => Buffer): Promise<string> => {
      await writeFile(`${path}.spoilt`, change(Buffer.from(whole)));
      return `${path}.spoilt`;
    };
    await expect(server.restore(`${path}.none`)).rejects.toMatchObject({ code: "TF_IO" });
    await expect(server.restore(await spoilt((bytes) => bytes.subarray(0, -1)))).rejects.toMatchObject({ code: "TF_SNAPSHOT_CORRUPT" });
    const flipped = spoilt((bytes) => {
      bytes[bytes.length >> 1]! ^= 1;
      return bytes;
    });
    await expect(server.restore(await flipped)).rejects.toMatchObject({ code: "TF_SNAPSHOT_CORRUPT" });
    const newer = spoilt((bytes) => {
      bytes[7]!++;
      return bytes;
    });
    await expect(server.restore(await newer)).rejects.toMatchObject({ code: "TF_SNAPSHOT_NEWER" });
    expect(await rowsOf(caller, ["a", "b"])).toEqual({ a: 2n, b: 2n });
    await caller.put("t", { pk: "b" }, { v: 3n });
  });

  it("tells tunnel clients that they are gone, and goes on at the checkpoints it holds", async () => {
    const { caller, server } = await open();
    const path = await snapshotPath();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    await caller.put("t", { pk: "a" }, {});
    await server.store.snapshot(path);
    const { clientId, channelIds } = await tunnel.join();
    const [channelId] = channelIds as [string];
    const { token } = await tunnel.drain(clientId, channelId);
    await tunnel.checkpoint(clientId, channelId, token, 1n);
    await server.restore(path);
    expect(await caller.refusal("tunnel/heartbeat", { tunnelId: tunnel.tunnelId, clientId, channels: [] })).toMatchObject(gone);
    const again = await tunnel.join();
    expect(again.channelIds).toEqual([channelId]);
    await caller.put("t", { pk: "b" }, {});
    expect((await tunnel.drain(again.clientId, channelId)).said).toEqual(["put a", "put b"]);
  });

  it("answers who waits for changes at once", async () => {
    const { caller, server, clock } = await open();
    const path = await snapshotPath();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "Stream");
    await server.store.snapshot(path);
    const { clientId, channelIds } = await tunnel.join();
    const { token } = await tunnel.drain(clientId, channelIds[0]!);
    const body = tunnelReadRecords.encodeRequest({ tunnelId: tunnel.tunnelId, clientId, channelId: channelIds[0]!, token });
    const request = signedRequest("tunnel/readrecords", "first", server.rootKey, body, clock.now());
    const timers = clock.waiting;
    const reply = caller.transport({ ...request, headers: { ...request.headers, [WAIT_HEADER]: "1000" } });
    while (clock.waiting === timers) await new Promise<void>((resolve) => setImmediate(resolve));
    await server.restore(path);
    expect(tunnelReadRecords.decodeResponse((await reply).body).records).toEqual([]);
  });

  it("ends transactions without effect", async () => {
    const { caller, server } = await open();
    const path = await snapshotPath();
    await createForTransactions(caller);
    await server.store.snapshot(path);
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.put("a", 1n, { v: 1n });
    await server.restore(path);
    expect(await caller.refusal("CommitTransaction", { transactionId: transaction.id })).toMatchObject({ code: "OTSSessionNotExist" });
    expect(await caller.get("t", { pk: "a", n: 1n })).toBeUndefined();
  });

  it("leaves no request without its answer, whenever it comes", async () => {
    const endpoint = await open();
    const { caller, server } = endpoint;
    const path = await changedSince(endpoint);
    let restored = false;
    const restoring = server.restore(path).finally(() => (restored = true));
    let written = 0;
    while (!restored) {
      await Promise.all([caller.put("t", { pk: "during" }, { v: BigInt(++written) }), caller.get("t", { pk: "a" })]);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await restoring;
    expect(written).toBeGreaterThan(0);
    expect((await rowsOf(caller, ["a"]))["a"]).toBe(1n);
    await caller.put("t", { pk: "during" }, { v: -1n });
    expect((await rowsOf(caller, ["during"]))["during"]).toBe(-1n);
  });

  it("brings instances of its own, makes those that the server must have, and takes the keys of others away", async () => {
    const endpoint = await open();
    const { caller, server } = endpoint;
    const ask = async (request: object): Promise<unknown> =>
      JSON.parse(Buffer.from((await caller.send("tableferry/admin", Buffer.from(JSON.stringify(request)))).body).toString());
    const path = await snapshotPath();
    await server.createInstance("third");
    await server.dropInstance("second");
    await server.store.snapshot(path);
    const { key } = (await ask({ op: "createInstance", name: "fourth", ownKey: true })) as { key: { id: string; secret: string } };
    await server.restore(path);
    expect(server.instances()).toEqual(["first", "second", "third"]);
    await server.createInstance("fourth");
    expect(await caller.on("fourth", key).refusal("ListTable", {})).toMatchObject({ text: "The AccessKeyID does not exist." });
  });

  it("is given up when the server is closed meanwhile", async () => {
    const endpoint = await open();
    const path = await changedSince(endpoint);
    const restoring = endpoint.server.restore(path).catch((error: unknown) => error);
    await endpoint.server.close();
    expect(await restoring).toMatchObject({ code: "TF_ABORTED" });
  });
});

describeOnDisk("a snapshot restored into a folder", (open) => {
  it("is what is there after the server was closed and opened, and nothing of the old store is left", async () => {
    const endpoint = await open();
    const path = await changedSince(endpoint);
    await endpoint.server.restore(path);
    await endpoint.server.restore(path);
    await endpoint.caller.put("t", { pk: "c" }, { v: 5n });
    const folder = endpoint.dataDir!;
    const { caller, server } = await endpoint.reopen();
    expect(await rowsOf(caller, ["a", "b", "c"])).toEqual({ a: 1n, b: undefined, c: 5n });
    expect((await readdir(folder)).filter((name) => name.startsWith("level"))).toEqual(["level-3"]);
    expect(server.storeId).toBe(endpoint.server.storeId);
  });

  it("that could not be leaves the old store there, and nothing else", async () => {
    const endpoint = await open();
    const path = await changedSince(endpoint);
    await expect(endpoint.server.restore(dirname(path))).rejects.toMatchObject({ code: "TF_IO" });
    const folder = endpoint.dataDir!;
    expect((await readdir(folder)).filter((name) => name.startsWith("level"))).toEqual(["level"]);
    expect(await rowsOf((await endpoint.reopen()).caller, ["a", "b"])).toEqual({ a: 2n, b: 2n });
  });
});
