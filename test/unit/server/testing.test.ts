import { expect, it } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { seededChance, startTableStore, VirtualClock } from "../../../src/testing.ts";
import { Caller } from "../../conformance/caller.ts";
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
