import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { storeFormat } from "../../../src/store/key-space.ts";
import { openEmbeddedServer, type EmbeddedServer, type EmbeddedServerOptions } from "../../../src/server/embedded-server.ts";
import type { RequestEvent } from "../../../src/server/server.ts";
import { Caller, putRequest } from "../../conformance/caller.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const clock = new VirtualClock();
const open = async (options: EmbeddedServerOptions): Promise<EmbeddedServer> => {
  const server = await openEmbeddedServer({ http: false, clock, ...options });
  cleanups.push(() => server.close());
  return server;
};
const folder = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), "tableferry-server-"));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return join(path, "store");
};
const callerOf = (server: EmbeddedServer, key = server.rootKey, instance = "one") => new Caller(server.handler, clock, key, instance);
const oneKey = [{ name: "pk", type: "string" }] as const;

describe("embedded server on a folder", () => {
  it("has keys, id, instances, tables and rows again after it was closed and opened", async () => {
    const dataDir = await folder();
    const before = await open({ dataDir, instances: ["one"] });
    const { storeId, rootKey } = before;
    await callerOf(before).createTable("t", oneKey, { maxVersions: 3 });
    await callerOf(before).put("t", { pk: "a" }, { c: 1n });
    await before.close();
    const after = await open({ dataDir });
    expect([after.storeId, after.rootKey, after.instances()]).toEqual([storeId, rootKey, ["one"]]);
    expect((await callerOf(after).call("DescribeTable", { tableName: "t" })).options.maxVersions).toBe(3);
    expect((await callerOf(after).get("t", { pk: "a" }))!.cells).toHaveLength(1);
  });

  it("never gives a table the id of one dropped before, also after a restart", async () => {
    const dataDir = await folder();
    const before = await open({ dataDir, instances: ["one"] });
    await callerOf(before).createTable("t", oneKey);
    await callerOf(before).put("t", { pk: "a" }, { c: 1n });
    await callerOf(before).call("DeleteTable", { tableName: "t" });
    await before.close();
    const after = await open({ dataDir });
    await callerOf(after).createTable("t", oneKey);
    expect(await callerOf(after).get("t", { pk: "a" })).toBeUndefined();
  });

  it("keeps generated keys beside the data, for their owner only", async () => {
    const dataDir = await folder();
    const { rootKey } = await open({ dataDir });
    const path = join(dataDir, "keys.json");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ accessKeyId: rootKey.id, accessKeySecret: rootKey.secret });
    expect(rootKey.id).toMatch(/^LTAI[A-Za-z0-9]{20}$/);
    expect(rootKey.secret).toMatch(/^[A-Za-z0-9]{30}$/);
  });

  it("writes keys that were given nowhere, and keeps keys made for instances", async () => {
    const dataDir = await folder();
    const given = { id: "given", secret: "secret" };
    const first = await open({ dataDir, keys: [given], instances: ["one"] });
    const reply = await callerOf(first).send("tableferry/admin", Buffer.from('{"op":"createInstance","name":"two","ownKey":true}'));
    const { key } = JSON.parse(Buffer.from(reply.body).toString()) as { key: { id: string; secret: string } };
    expect(await readFile(join(dataDir, "keys.json"), "utf8")).not.toContain("given");
    await first.close();
    const second = await open({ dataDir });
    expect(second.rootKey.id).not.toBe("given");
    expect((await callerOf(second, key, "two").call("ListTable", {})).tableNames).toEqual([]);
    expect(await callerOf(second, key).refusal("ListTable", {})).toMatchObject({ code: "OTSAuthFailed" });
  });

  it("refuses a folder another server has open", async () => {
    const dataDir = await folder();
    await open({ dataDir });
    await expect(openEmbeddedServer({ dataDir, http: false })).rejects.toMatchObject({ code: "TF_STORE_LOCKED" });
  });

  it("refuses a folder of a newer format and leaves it as it is", async () => {
    const dataDir = await folder();
    await (await open({ dataDir })).close();
    const newer = `{"format":${storeFormat + 1},"storeId":"x"}`;
    await writeFile(join(dataDir, "store.json"), newer);
    await expect(openEmbeddedServer({ dataDir, http: false })).rejects.toMatchObject({ code: "TF_STORE_NEWER" });
    expect(await readFile(join(dataDir, "store.json"), "utf8")).toBe(newer);
  });

  it("takes over a folder of an older format with its id, and keeps older versions from writing to it", async () => {
    const dataDir = await folder();
    const first = await open({ dataDir, instances: ["one"] });
    await first.close();
    await writeFile(join(dataDir, "store.json"), JSON.stringify({ format: 1, storeId: first.storeId }));
    const second = await open({ dataDir });
    expect([second.storeId, second.store.catalogue.instances()]).toEqual([first.storeId, ["one"]]);
    expect(JSON.parse(await readFile(join(dataDir, "store.json"), "utf8"))).toEqual({ format: storeFormat, storeId: first.storeId });
  });

  it("refuses broken format and key files", async () => {
    const dataDir = await folder();
    await (await open({ dataDir })).close();
    const keys = await readFile(join(dataDir, "keys.json"), "utf8");
    for (const text of ["", "[]x", '{"accessKeyId":""}'.replace("}", ',"accessKeySecret":"x"}'), '{"instanceKeys":[{"id":"x"}]}']) {
      await writeFile(join(dataDir, "keys.json"), text);
      await expect(openEmbeddedServer({ dataDir, http: false })).rejects.toMatchObject({ code: "TF_STORE_CORRUPT" });
    }
    await writeFile(join(dataDir, "keys.json"), keys);
    await writeFile(join(dataDir, "store.json"), "{");
    await expect(openEmbeddedServer({ dataDir, http: false })).rejects.toMatchObject({ code: "TF_STORE_CORRUPT" });
  });

  it("gives the folder free when it could not start", async () => {
    const dataDir = await folder();
    const first = await open({ http: true });
    const port = Number(new URL(first.endpoint!).port);
    await expect(openEmbeddedServer({ dataDir, port })).rejects.toMatchObject({ code: "TF_ADDRESS_IN_USE" });
    await open({ dataDir });
  });
});

describe("embedded server", () => {
  it("refuses instance names the service would not take", async () => {
    for (const name of ["ab", "1ab", "ab-", "a_b", "a".repeat(17)]) {
      await expect(openEmbeddedServer({ http: false, instances: [name] })).rejects.toMatchObject({
        code: "TF_INSTANCE_INVALID",
        place: name,
      });
    }
    await open({ instances: ["abc", "a-b", "A".repeat(16)] });
  });

  it("listens on 127.0.0.1 unless told otherwise", async () => {
    expect((await open({ http: true })).endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it("tells the log of every request: operation, instance, outcome, bytes", async () => {
    const events: RequestEvent[] = [];
    const server = await open({ instances: ["one"], log: (event) => events.push(event) });
    await callerOf(server).createTable("t", oneKey);
    await callerOf(server).refusal("DescribeTable", { tableName: "nope" });
    expect(
      events.map(({ operation, instance, status, code, bytesIn, bytesOut }) => [
        operation,
        instance,
        status,
        code,
        bytesIn > 0,
        bytesOut > 0,
      ]),
    ).toEqual([
      ["CreateTable", "one", 200, undefined, true, false],
      ["DescribeTable", "one", 404, "OTSObjectNotExist", true, true],
    ]);
  });

  it("answers requests under way when it is closed, and fails those that come later", async () => {
    const server = await open({ instances: ["one"] });
    await callerOf(server).createTable("t", oneKey);
    const writes = Array.from({ length: 20 }, (_, i) => callerOf(server).put("t", { pk: `k${i}` }, {}));
    await Promise.all([...writes, server.close()]);
    expect(await callerOf(server).refusal("PutRow", putRequest("t", { pk: "late" }, {}))).toEqual({
      status: 500,
      code: "OTSInternalServerError",
      text: "Internal server error.",
    });
  });
});
