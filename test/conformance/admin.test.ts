import { expect, it } from "vitest";
import { decodeRealKey } from "../../src/wire/plainbuffer/decode.ts";
import { describeEverywhere, type Endpoint } from "./endpoints.ts";

describeEverywhere("administration", (open) => {
  const ask = async ({ caller }: Endpoint, request: object): Promise<unknown> => {
    const reply = await caller.send("tableferry/admin", Buffer.from(JSON.stringify(request)));
    expect(reply.status).toBe(200);
    return JSON.parse(Buffer.from(reply.body).toString());
  };

  it("a ping says whose store it is", async () => {
    const endpoint = await open();
    expect(await ask(endpoint, { op: "ping" })).toMatchObject({
      storeId: endpoint.server.storeId,
      pid: process.pid,
      instances: ["first", "second"],
    });
    expect(endpoint.server.storeId).toMatch(/^[0-9a-f]{32}$/);
  });

  it("makes instances, once", async () => {
    const endpoint = await open();
    expect(await ask(endpoint, { op: "createInstance", name: "third" })).toEqual({ name: "third", created: true });
    expect(await ask(endpoint, { op: "createInstance", name: "third" })).toEqual({ name: "third", created: false });
    await endpoint.caller.on("third").createTable("t", [{ name: "pk", type: "string" }]);
    expect(await ask(endpoint, { op: "createInstance", name: "3rd" })).toMatchObject({ error: { code: "TF_INSTANCE_INVALID" } });
  });

  it("drops an empty instance, and one with tables only when forced", async () => {
    const endpoint = await open();
    await endpoint.caller.on("second").createTable("t", [{ name: "pk", type: "string" }]);
    expect(await ask(endpoint, { op: "dropInstance", name: "first" })).toEqual({ name: "first", dropped: true });
    expect(await ask(endpoint, { op: "dropInstance", name: "first" })).toEqual({ name: "first", dropped: false });
    expect(await ask(endpoint, { op: "dropInstance", name: "second" })).toMatchObject({ error: { code: "TF_INSTANCE_NOT_EMPTY" } });
    expect(await ask(endpoint, { op: "dropInstance", name: "second", force: true })).toEqual({ name: "second", dropped: true });
    expect(endpoint.server.instances()).toEqual([]);
  });

  it("splits a partition before a key, or the largest one in its middle", async () => {
    const endpoint = await open();
    const { caller } = endpoint;
    await caller.createTable("t", [{ name: "pk", type: "integer" }]);
    const split = (more: object = {}) => ask(endpoint, { op: "splitPartition", instance: "first", table: "t", ...more });
    expect(await split()).toMatchObject({ error: { code: "TF_PARTITION_WHOLE" } });
    expect(await split({ key: "100" })).toEqual({ table: "t", partitions: 2 });
    expect(await split({ key: "100" })).toMatchObject({ error: { code: "TF_PARTITION_WHOLE" } });
    expect(await split({ key: "a" })).toMatchObject({ error: { code: "TF_ADMIN_INVALID" } });
    await caller.writeBatch(
      "t",
      [1n, 2n, 3n, 4n].map((pk) => ({ key: { pk }, cells: { v: "x".repeat(100) } })),
    );
    expect(await split()).toEqual({ table: "t", partitions: 3 });
    const { shardSplits } = await caller.call("DescribeTable", { tableName: "t" });
    expect(shardSplits.map((cut) => decodeRealKey(cut)[0]!.value)).toEqual([3n, 100n]);
  });

  it("answers what it does not understand with a code", async () => {
    const endpoint = await open();
    for (const request of [{}, { op: "dance" }, { op: "createInstance" }, { op: "splitPartition", instance: "first" }, []]) {
      expect(await ask(endpoint, request)).toMatchObject({ error: { code: "TF_ADMIN_INVALID" } });
    }
  });

  it("answers a shutdown and then stops", async () => {
    const endpoint = await open();
    expect(await ask(endpoint, { op: "shutdown" })).toEqual({});
    await endpoint.server.stopped;
  });
});
