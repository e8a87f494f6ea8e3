import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { parseJob, runJob, systemChance } from "../../../src/index.ts";
import { seededChance, startTableStore, VirtualClock } from "../../../src/testing.ts";
import { Caller, valuesOf } from "../../conformance/caller.ts";
import { fetchTransport } from "../../conformance/endpoints.ts";

it("gives a store of one's own, with everything a client needs", async () => {
  await using store = await startTableStore();
  const key = { id: store.accessKeyId, secret: store.accessKeySecret };
  for (const transport of [fetchTransport(store.endpoint), store.transport]) {
    const caller = new Caller(transport, systemClock, key, store.instanceName);
    expect(await caller.call("ListTable", {})).toEqual({ tableNames: [] });
  }
});

it("two stores share nothing, and each has the instances asked for", async () => {
  await using a = await startTableStore({ instances: ["aaa", "bbb"], http: false });
  await using b = await startTableStore({ http: false });
  expect([a.instanceName, b.instanceName, a.endpoint]).toEqual(["aaa", "test", ""]);
  expect(a.accessKeySecret).not.toBe(b.accessKeySecret);
  expect([await a.createInstance("ccc"), await a.createInstance("ccc")]).toEqual([true, false]);
});

it("a clock of one's own decides what has expired", async () => {
  const clock = new VirtualClock();
  await using store = await startTableStore({ clock, chance: seededChance(1), http: false });
  const caller = new Caller(store.transport, clock, { id: store.accessKeyId, secret: store.accessKeySecret }, store.instanceName);
  await caller.createTable("t", [{ name: "pk", type: "string" }], { timeToLive: 86_400 });
  await caller.put("t", { pk: "a" }, { c: 1n });
  await clock.advance(86_400_001);
  expect(await caller.get("t", { pk: "a" })).toBeUndefined();
});

it("a snapshot of one store is the beginning of others, in memory and in a folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tableferry-testing-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "seed");
  const callerOf = (store: { transport: Caller["transport"]; accessKeyId: string; accessKeySecret: string }) =>
    new Caller(store.transport, systemClock, { id: store.accessKeyId, secret: store.accessKeySecret }, "test");
  await using seeded = await startTableStore({ http: false });
  await callerOf(seeded).createTable("t", [{ name: "pk", type: "string" }]);
  await callerOf(seeded).put("t", { pk: "a" }, { c: 1n });
  await seeded.snapshot(path);
  for (const dataDir of [undefined, join(folder, "store")]) {
    await using store = await startTableStore({ http: false, restore: path, dataDir });
    expect(store.accessKeySecret).not.toBe(seeded.accessKeySecret);
    expect(await callerOf(store).get("t", { pk: "a" })).toBeDefined();
    await callerOf(store).createTable("u", [{ name: "pk", type: "string" }]);
  }
  await expect(startTableStore({ http: false, restore: path, dataDir: join(folder, "store") })).rejects.toMatchObject({
    code: "TF_STORE_NOT_EMPTY",
  });
});

it("a snapshot is restored between the cases of one store", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tableferry-testing-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await using store = await startTableStore({ http: false });
  const caller = new Caller(store.transport, systemClock, { id: store.accessKeyId, secret: store.accessKeySecret }, "test");
  await caller.createTable("t", [{ name: "pk", type: "string" }]);
  const size = await store.snapshot(join(folder, "seed"));
  for (const pk of ["a", "b"]) {
    await caller.put("t", { pk }, {});
    expect(await store.restore(join(folder, "seed"))).toEqual(size);
    expect(await caller.get("t", { pk })).toBeUndefined();
  }
});

it("a job fills a store from a file, as docs/testing.md has it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tableferry-testing-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "orders.csv"), "order,item\n1,pen\n2,ink\n");
  await using store = await startTableStore();
  const job = parseJob({
    name: "seed",
    source: { type: "file", path: "orders.csv", types: { order: "integer" } },
    target: {
      type: "table-store",
      endpoint: store.endpoint,
      instance: "test",
      table: "orders",
      create: { primaryKey: [{ name: "order", type: "integer" }] },
    },
  });
  await runJob(job, {
    clock: systemClock,
    chance: systemChance,
    signal: new AbortController().signal,
    folder,
    env: { TABLESTORE_ACCESS_KEY_ID: store.accessKeyId, TABLESTORE_ACCESS_KEY_SECRET: store.accessKeySecret },
    onProgress: () => undefined,
    note: () => undefined,
  });
  const caller = new Caller(store.transport, systemClock, { id: store.accessKeyId, secret: store.accessKeySecret }, "test");
  expect(valuesOf(await caller.get("orders", { order: 2n }))).toEqual({ item: "ink" });
});
