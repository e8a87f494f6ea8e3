import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { startTableStore } from "../../src/testing.ts";
import { signedRequest } from "../../src/wire/headers.ts";
import { Caller, refusalOf } from "./caller.ts";
import { fetchTransport } from "./endpoints.ts";

for (const http of [false, true]) {
  describe(`test controls by administration calls (${http ? "HTTP" : "in process"})`, () => {
    const start = async (testControls: boolean, dataDir?: string) => {
      const clock = new VirtualClock();
      const store = await startTableStore({ clock, http, testControls, dataDir });
      onTestFinished(() => store.close());
      const key = { id: store.accessKeyId, secret: store.accessKeySecret };
      const caller = new Caller(http ? fetchTransport(store.endpoint) : store.transport, clock, key, "test");
      const ask = async (request: object): Promise<unknown> =>
        JSON.parse(Buffer.from((await caller.send("tableferry/admin", Buffer.from(JSON.stringify(request)))).body).toString());
      return { clock, store, caller, ask };
    };

    it("are refused with a code unless the server was started with them", async () => {
      const { ask } = await start(false);
      for (const request of [
        { op: "advanceClock", ms: 1 },
        { op: "setFaults", rules: [] },
        { op: "listFaults" },
        { op: "clearFaults" },
        { op: "snapshot", path: "/x" },
        { op: "restore", path: "/x" },
      ]) {
        expect(await ask(request)).toMatchObject({ error: { code: "TF_CONTROLS_OFF" } });
      }
    });

    it("advance the store's clock", async () => {
      const { ask, clock } = await start(true);
      expect(await ask({ op: "advanceClock", ms: 5000 })).toEqual({ now: clock.now() + 5000 });
      expect(await ask({ op: "advanceClock", ms: 5000 })).toEqual({ now: clock.now() + 10_000 });
    });

    it("set, count and clear faults, which do not strike administration", async () => {
      const { ask, caller } = await start(true);
      const rules = [{ effect: { type: "error", code: "OTSServerBusy" } }];
      expect(await ask({ op: "setFaults", rules, seed: 3 })).toEqual({ rules: 1 });
      expect((await caller.refusal("ListTable", {})).code).toBe("OTSServerBusy");
      expect(await ask({ op: "listFaults" })).toEqual({ faults: [{ rule: rules[0], struck: 1 }] });
      expect(await ask({ op: "clearFaults" })).toEqual({});
      expect(await caller.call("ListTable", {})).toEqual({ tableNames: [] });
    });

    it("refuse what makes no sense, and leave the rules that were set", async () => {
      const { ask } = await start(true);
      await ask({ op: "setFaults", rules: [{ effect: { type: "dropReply" } }] });
      expect(await ask({ op: "setFaults", rules: [{ effect: { type: "explode" } }] })).toMatchObject({
        error: { code: "TF_FAULT_INVALID" },
      });
      expect(await ask({ op: "advanceClock", ms: -1 })).toMatchObject({ error: { code: "TF_ADMIN_INVALID" } });
      expect(await ask({ op: "listFaults" })).toMatchObject({ faults: [{ struck: 0 }] });
    });

    it("write a snapshot that another store begins with", async () => {
      const folder = await mkdtemp(join(tmpdir(), "tableferry-controls-"));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const { ask, caller } = await start(true);
      await caller.createTable("t", [{ name: "pk", type: "string" }]);
      const path = join(folder, "a");
      expect(await ask({ op: "snapshot", path })).toEqual({ entries: 4, bytes: expect.any(Number) });
      await using other = await startTableStore({ http: false, restore: path });
      expect(await other.createInstance("test")).toBe(false);
      expect(await ask({ op: "snapshot", path: "a" })).toMatchObject({ error: { code: "TF_ADMIN_INVALID" } });
      expect(await ask({ op: "snapshot", path: join(folder, "no", "a") })).toMatchObject({ error: { code: "TF_IO" } });
    });

    it("restore a snapshot into the server itself", async () => {
      const folder = await mkdtemp(join(tmpdir(), "tableferry-controls-"));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const { ask, caller } = await start(true);
      const path = join(folder, "a");
      const size = await ask({ op: "snapshot", path });
      await caller.createTable("t", [{ name: "pk", type: "string" }]);
      expect(await ask({ op: "restore", path: join(folder, "none") })).toMatchObject({ error: { code: "TF_IO" } });
      expect(await ask({ op: "restore" })).toMatchObject({ error: { code: "TF_ADMIN_INVALID" } });
      expect((await caller.call("ListTable", {})).tableNames).toEqual(["t"]);
      expect(await ask({ op: "restore", path })).toEqual(size);
      expect((await caller.call("ListTable", {})).tableNames).toEqual([]);
    });

    it("close the store that was restored over only when what was held back there is answered", async () => {
      const folder = await mkdtemp(join(tmpdir(), "tableferry-controls-"));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const { store, caller, clock } = await start(true, join(folder, "store"));
      await caller.createTable("t", [{ name: "pk", type: "string" }]);
      await store.snapshot(join(folder, "a"));
      store.faults.set([{ operations: ["PutRow"], times: 1, effect: { type: "delay", ms: 1000 } }]);
      const timers = clock.waiting;
      const held = caller.put("t", { pk: "held" }, {});
      while (clock.waiting === timers) await new Promise<void>((resolve) => setImmediate(resolve));
      await store.restore(join(folder, "a"));
      await caller.put("t", { pk: "later" }, {});
      await clock.advance(1000);
      expect((await held).consumed.write).toBe(1);
      expect([await caller.get("t", { pk: "held" }), (await caller.get("t", { pk: "later" }))?.key[0]?.value]).toEqual([
        undefined,
        "later",
      ]);
    });

    it("make temporary keys, which end as the store's clock is advanced", async () => {
      const { ask, caller, clock } = await start(true);
      const key = (await ask({ op: "temporaryKey", seconds: 60, instance: "test" })) as { id: string; secret: string; token: string };
      const list = () => caller.transport(signedRequest("ListTable", "test", key, new Uint8Array(0), clock.now()));
      expect((await list()).status).toBe(200);
      await ask({ op: "advanceClock", ms: 60_000 });
      expect(refusalOf(await list()).text).toBe("The AccessKeyID is disabled.");
      expect(await ask({ op: "temporaryKey" })).toMatchObject({ error: { code: "TF_ADMIN_INVALID" } });
    });

    it("need the root key", async () => {
      const { ask, caller } = await start(true);
      const { key } = (await ask({ op: "createInstance", name: "other", ownKey: true })) as { key: { id: string; secret: string } };
      const body = Buffer.from('{"op":"clearFaults"}');
      expect(refusalOf(await caller.on("other", key).send("tableferry/admin", body)).code).toBe("OTSAuthFailed");
    });
  });
}
