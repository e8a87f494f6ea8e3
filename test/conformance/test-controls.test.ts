import { describe, expect, it, onTestFinished } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { startTableStore } from "../../src/testing.ts";
import { Caller, refusalOf } from "./caller.ts";
import { fetchTransport } from "./endpoints.ts";

for (const http of [false, true]) {
  describe(`test controls by administration calls (${http ? "HTTP" : "in process"})`, () => {
    const start = async (testControls: boolean) => {
      const clock = new VirtualClock();
      const store = await startTableStore({ clock, http, testControls });
      onTestFinished(() => store.close());
      const key = { id: store.accessKeyId, secret: store.accessKeySecret };
      const caller = new Caller(http ? fetchTransport(store.endpoint) : store.transport, clock, key, "test");
      const ask = async (request: object): Promise<unknown> =>
        JSON.parse(Buffer.from((await caller.send("tableferry/admin", Buffer.from(JSON.stringify(request)))).body).toString());
      return { clock, store, caller, ask };
    };

    it("are refused with a code unless the server was started with them", async () => {
      const { ask } = await start(false);
      for (const request of [{ op: "advanceClock", ms: 1 }, { op: "setFaults", rules: [] }, { op: "listFaults" }, { op: "clearFaults" }]) {
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

    it("need the root key", async () => {
      const { ask, caller } = await start(true);
      const { key } = (await ask({ op: "createInstance", name: "other", ownKey: true })) as { key: { id: string; secret: string } };
      const body = Buffer.from('{"op":"clearFaults"}');
      expect(refusalOf(await caller.on("other", key).send("tableferry/admin", body)).code).toBe("OTSAuthFailed");
    });
  });
}
