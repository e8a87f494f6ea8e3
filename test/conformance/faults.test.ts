import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { INF_MAX, INF_MIN } from "../../src/model/value.ts";
import { startTableStore, type FaultRule, type TestTableStore } from "../../src/testing.ts";
import { Caller, cellsOf, keyBytes, putRequest, refusalOf } from "./caller.ts";
import { fetchTransport } from "./endpoints.ts";

interface Set {
  readonly store: TestTableStore;
  readonly clock: VirtualClock;
  readonly caller: Caller;
}

const one = { pk: "a" };
const busy = { status: 503, code: "OTSServerBusy", text: "Server is busy." };
/** Until the first rule has struck once. */
const struck = async ({ faults }: TestTableStore) => {
  while (faults.counts[0]!.struck === 0) await new Promise((resolve) => setImmediate(resolve));
};
const batch = (keys: readonly string[], tableName = "t", atomic?: boolean) => ({
  tables: [{ tableName, rows: keys.map((pk) => ({ ...putRequest(tableName, { pk }, { c: 1n }), type: "put" as const })) }],
  atomic,
});

for (const http of [false, true]) {
  describe(`faults (${http ? "HTTP" : "in process"})`, () => {
    const open: Set[] = [];
    afterEach(async () => {
      for (const { store } of open.splice(0)) await store.close();
    });
    /** A store with a table `t`, and then these faults. */
    const start = async (rules: readonly FaultRule[], seed?: number): Promise<Set> => {
      const clock = new VirtualClock();
      const store = await startTableStore({ clock, http, instances: ["first", "second"] });
      const transport = http ? fetchTransport(store.endpoint) : store.transport;
      const caller = new Caller(transport, clock, { id: store.accessKeyId, secret: store.accessKeySecret }, "first");
      for (const instance of ["first", "second"]) await caller.on(instance).createTable("t", [{ name: "pk", type: "string" }]);
      store.faults.set(rules, seed);
      const set = { store, clock, caller };
      open.push(set);
      return set;
    };
    const outcomes = async ({ caller }: Set, count: number) => {
      const codes: number[] = [];
      for (let i = 0; i < count; i++) codes.push((await caller.send("ListTable", new Uint8Array(0))).status);
      return codes;
    };

    it("an error is answered in the service's words, signed, and nothing is applied", async () => {
      const { caller, store } = await start([{ operations: ["PutRow"], effect: { type: "error", code: "OTSServerBusy" } }]);
      expect(await caller.refusal("PutRow", putRequest("t", one, { c: 1n }))).toEqual(busy);
      expect(await caller.get("t", one)).toBeUndefined();
      store.faults.clear();
      await caller.put("t", one, { c: 1n });
      expect(await caller.get("t", one)).toBeDefined();
    });

    it("an error may have any code, status and text", async () => {
      const { caller } = await start([{ effect: { type: "error", code: "OTSStrange", status: 418, text: "No." } }]);
      expect(await caller.refusal("ListTable", {})).toEqual({ status: 418, code: "OTSStrange", text: "No." });
    });

    it("strikes the operation, instance and table named, after those let by, as often as told", async () => {
      const set = await start([
        {
          operations: ["GetRow", "BatchGetRow"],
          instance: "first",
          table: "t",
          skip: 1,
          times: 2,
          effect: { type: "error", code: "OTSTimeout" },
        },
      ]);
      const { caller, store } = set;
      await caller.createTable("u", [{ name: "pk", type: "string" }]);
      const get = (tableName: string, from = caller) =>
        from.call("GetRow", { tableName, key: keyBytes(one), selection: { maxVersions: 1 } }).then(
          () => "answered",
          () => "refused",
        );
      expect([await get("t"), await get("u"), await get("t", caller.on("second"))]).toEqual(["answered", "answered", "answered"]);
      expect(await get("t")).toBe("refused");
      const tables = [{ tableName: "t", keys: [keyBytes(one)], tokens: [], selection: { maxVersions: 1 } }];
      expect((await caller.refusal("BatchGetRow", { tables })).code).toBe("OTSTimeout");
      expect(await get("t")).toBe("answered");
      expect(store.faults.counts.map(({ struck }) => struck)).toEqual([2]);
    });

    it("strikes by chance as the seed decides, whatever other rules do", async () => {
      const rule: FaultRule = { probability: 0.5, effect: { type: "error", code: "OTSServerBusy" } };
      const drawn = await outcomes(await start([rule], 7), 20);
      expect(new Set(drawn)).toEqual(new Set([200, 503]));
      expect(await outcomes(await start([rule, { operations: ["PutRow"], effect: { type: "dropReply" } }], 7), 20)).toEqual(drawn);
      expect(await outcomes(await start([rule], 8), 20)).not.toEqual(drawn);
    });

    it("a throttle lets so many requests by in a second of the store's clock", async () => {
      const set = await start([{ effect: { type: "throttle", perSecond: 2 } }]);
      expect(await outcomes(set, 4)).toEqual([200, 200, 429, 429]);
      expect(await set.caller.refusal("ListTable", {})).toEqual({
        status: 429,
        code: "OTSFlowControl",
        text: "The requests have been throttled.",
      });
      await set.store.advance(1000);
      expect(await outcomes(set, 3)).toEqual([200, 200, 429]);
      set.store.faults.set([{ effect: { type: "throttle", perSecond: 0, code: "OTSNotEnoughCapacityUnit" } }]);
      expect((await set.caller.refusal("ListTable", {})).text).toBe("Capacity unit is not enough.");
    });

    it("a delay holds a request back by the store's clock, and then it is handled", async () => {
      const { caller, store } = await start([{ operations: ["PutRow"], effect: { type: "delay", ms: 3_600_000 } }]);
      let answered = false;
      const put = caller.put("t", one, { c: 1n }).then(() => (answered = true));
      await struck(store);
      expect(await caller.get("t", one)).toBeUndefined();
      expect(answered).toBe(false);
      await store.advance(3_600_000);
      await put;
      expect(await caller.get("t", one)).toBeDefined();
    });

    it.each(["cleared", "closed"] as const)(
      "what is held back goes on when the faults are cleared or the store is closed (%s)",
      async (end) => {
        const { caller, store } = await start([{ operations: ["PutRow"], effect: { type: "delay", ms: 1e9 } }]);
        const put = caller.put("t", one, { c: 1n });
        await struck(store);
        if (end === "cleared") store.faults.clear();
        else await store.close();
        expect((await put).consumed).toEqual({ read: 0, write: 1 });
      },
    );

    it("a dropped reply leaves the write applied and the client in the dark", async () => {
      const { caller } = await start([{ operations: ["PutRow"], effect: { type: "dropReply" } }]);
      await expect(caller.put("t", one, { c: 1n })).rejects.toThrow(http ? "fetch failed" : "TF_CONNECTION");
      expect(await caller.get("t", one)).toBeDefined();
    });

    it("a request that is cut off is not applied", async () => {
      const { caller } = await start([{ operations: ["PutRow"], effect: { type: "cutRequest" } }]);
      await expect(caller.put("t", one, { c: 1n })).rejects.toThrow(http ? "fetch failed" : "TF_CONNECTION");
      expect(await caller.get("t", one)).toBeUndefined();
    });

    it("a reply that is cut off is no reply", async () => {
      const { caller } = await start([{ operations: ["PutRow"], effect: { type: "cutReply" } }]);
      await expect(caller.put("t", one, { c: 1n })).rejects.toThrow(http ? "terminated" : "TF_CONNECTION");
      expect(await caller.get("t", one)).toBeDefined();
    });

    it("rows of a batch write fail in their places and are not applied", async () => {
      const { caller } = await start([{ operations: ["BatchWriteRow"], effect: { type: "failRows", rows: [0, 2] } }]);
      const { tables } = await caller.call("BatchWriteRow", batch(["a", "b", "c", "d"]));
      const error = { code: "OTSServerBusy", text: "Server is busy." };
      expect(tables[0]!.rows.map((row) => (row.ok ? "ok" : row.error))).toEqual([error, "ok", error, "ok"]);
      const { rows } = await caller.range("t", { pk: INF_MIN }, { pk: INF_MAX });
      expect(rows.map(({ key }) => key[0]!.value)).toEqual(["b", "d"]);
    });

    it("rows of several tables are counted through, and a table may fail whole", async () => {
      const { caller } = await start([]);
      await caller.createTable("u", [{ name: "pk", type: "string" }]);
      const set = open.at(-1)!;
      set.store.faults.set([{ effect: { type: "failRows", rows: [0, 1, 3], code: "OTSNotEnoughCapacityUnit" } }]);
      const request = { tables: [...batch(["a", "b"]).tables, ...batch(["a", "b"], "u").tables] };
      const { tables } = await caller.call("BatchWriteRow", request);
      expect(tables.map(({ tableName, rows }) => [tableName, rows.map(({ ok }) => ok)])).toEqual([
        ["t", [false, false]],
        ["u", [true, false]],
      ]);
    });

    it("an atomic batch fails whole", async () => {
      const { caller } = await start([{ effect: { type: "failRows", rows: [1] } }]);
      const { tables } = await caller.call("BatchWriteRow", batch(["a", "a"], "t", true));
      expect(tables[0]!.rows.map(({ ok }) => ok)).toEqual([false, false]);
      expect(await caller.get("t", one)).toBeUndefined();
    });

    it("rows of a batch read fail in their places, by share as the seed decides", async () => {
      const { caller, store } = await start([]);
      await caller.writeBatch("t", [{ key: one, cells: { c: 1n } }]);
      const keys = Array.from({ length: 10 }, () => keyBytes(one));
      const read = async (seed: number) => {
        store.faults.set([{ effect: { type: "failRows", share: 0.3 } }], seed);
        const { tables } = await caller.call("BatchGetRow", {
          tables: [{ tableName: "t", keys, tokens: [], selection: { maxVersions: 1 } }],
        });
        return tables[0]!.rows.map((row) => (row.ok ? row.row!.length > 0 : row.error.code));
      };
      const first = await read(1);
      expect(new Set(first)).toEqual(new Set([true, "OTSServerBusy"]));
      expect(await read(1)).toEqual(first);
      expect(await read(2)).not.toEqual(first);
    });

    it("faults join: held back, and then the reply is lost", async () => {
      const { caller, store, clock } = await start([{ effect: { type: "delay", ms: 1000 } }, { effect: { type: "dropReply" } }]);
      const put = caller.put("t", one, { c: 1n });
      put.catch(() => undefined);
      await struck(store);
      await clock.advance(1000);
      await expect(put).rejects.toThrow();
      store.faults.clear();
      expect(await caller.get("t", one)).toBeDefined();
    });

    it("who cannot sign meets no fault", async () => {
      const { caller } = await start([{ effect: { type: "error", code: "OTSServerBusy" } }]);
      const stranger = caller.on("first", { id: "nobody", secret: "x" });
      expect(refusalOf(await stranger.send("ListTable", new Uint8Array(0))).text).toBe("The AccessKeyID does not exist.");
    });

    it("the store's time is advanced, while requests keep the dates of their own clock", async () => {
      const { caller, store } = await start([]);
      await caller.createTable("v", [{ name: "pk", type: "string" }], { timeToLive: 86_400, maxVersions: 1 });
      await caller.put("v", one, { c: 1n });
      expect(cellsOf(await caller.get("v", one))).toHaveLength(1);
      await store.advance(86_400_001);
      expect(await caller.get("v", one)).toBeUndefined();
    });
  });
}

it("a caller in process that gives up has its request applied later, as over a network", async () => {
  const clock = new VirtualClock();
  await using store = await startTableStore({
    clock,
    http: false,
    faults: [{ operations: ["PutRow"], effect: { type: "delay", ms: 1000 } }],
  });
  const abort = new AbortController();
  const caller = new Caller(
    (request) => store.transport(request, abort.signal),
    clock,
    { id: store.accessKeyId, secret: store.accessKeySecret },
    "test",
  );
  await caller.createTable("t", [{ name: "pk", type: "string" }]);
  const put = caller.put("t", one, { c: 1n });
  abort.abort(new Error("given up"));
  await expect(put).rejects.toThrow("given up");
  await store.advance(1000);
  const other = new Caller(store.transport, clock, { id: store.accessKeyId, secret: store.accessKeySecret }, "test");
  expect(await other.get("t", one)).toBeDefined();
});
