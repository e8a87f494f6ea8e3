import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Properties } from "../../../components/provider/handlers.ts";
import { syncFields, syncInputNames } from "../../../components/provider/sync-inputs.ts";
import { tableHandlers } from "../../../components/provider/table.ts";
import { syncJobHandlers } from "../../../components/provider/sync-job.ts";
import { credentialVariables, orderOf } from "../../../components/provider/sync-order.ts";
import { outputsOf } from "../../../components/provider/sync-standing.ts";
import { UNKNOWN } from "../../../components/provider/unknown.ts";
import { parseSync } from "../../../src/job/parse-job.ts";
import { syncSpec } from "../../../src/job/sync-spec.ts";
import { ownerOf } from "../../../src/pipeline/process-owner.ts";
import { startTableStore } from "../../../src/testing.ts";
import { testSubject, type TestSubject } from "./subject.ts";

let folder: string;
let subject: TestSubject;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tableferry-sync-"));
  subject = testSubject(folder, { name: "follow" });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const side = (instance: string, more: Properties = {}): Properties => ({
  type: "table-store",
  endpoint: "http://127.0.0.1:9",
  instance,
  table: "orders",
  credentials: { file: "keys.json" },
  ...more,
});
const asked = (more: Properties = {}): Properties => ({ source: side("legacy"), target: side("modern"), ...more });
const check = (given: Properties, before?: Properties, name = "follow") => syncJobHandlers.check({ asked: given, before, name }, subject);
const checked = async (given: Properties, before?: Properties, name?: string): Promise<Properties> => {
  const { inputs, failures } = await check(given, before, name);
  expect(failures).toEqual([]);
  return inputs;
};
const workers = (count: number) => ({ runner: { local: { workers: count } } });
/** As if so many workers of the job ran: they are this very process. */
function running(count: number): void {
  for (let place = 1; place <= count; place++) {
    const file = join(folder, `.tableferry/sync/dev/follow/worker-${String(place)}.json`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ owner: ownerOf(process.pid), settings: { jobId: "a", manner: "b" }, logFrom: 0 }));
  }
}
const atRest = (inputs: Properties): Properties => ({ ...inputs, phase: "in step", workers: 1 });
const diff = (before: Properties, now: Properties) => syncJobHandlers.diff({ id: "follow", before, now }, subject);

describe("checking a sync job", () => {
  test.each([
    ["an unknown field", { retentionHuors: 3 }, "retentionHuors", "did you mean `retentionHours`"],
    ["a wrong field", { lagSeconds: 0 }, "lagSeconds", "0.1"],
    ["a missing side", { target: undefined }, "target", "missing"],
    ["no worker", workers(0), "runner", "1 to 64"],
    ["a runner of another kind", { runner: { remote: {} } }, "runner", "local"],
    ["a time-out of no time", { timeoutSeconds: 0 }, "timeoutSeconds", "above 0"],
    ["a policy that there is not", { onChange: "maybe" }, "onChange", "recopy"],
    ["a flag that is none", { forget: "yes" }, "forget", "true or false"],
    ["state in a file, which workers cannot share", { state: { type: "file", path: "s.json" } }, "state.type", "one process's alone"],
    ["a secret", { source: side("legacy", { credentials: { env: "LTAIabcdefghijklmnop" } }) }, "source.credentials.env", "secret"],
  ])("names %s", async (_what, wrong, property, words) => {
    expect((await check(asked(wrong))).failures).toContainEqual({ property, reason: expect.stringContaining(words) });
  });

  test("refuses a pattern of tables, and names what takes one", async () => {
    const pattern = { source: side("legacy", { table: "o*" }), target: side("modern", { table: "o*" }) };
    expect((await check(asked(pattern))).failures).toEqual([
      { property: "source.table", reason: expect.stringContaining("`tableferry sync run`") },
    ]);
  });

  test("takes every field of a job file, and gives no output the name of an input", async () => {
    const fields = Object.keys(syncSpec.shape).filter((name) => name !== "kind" && name !== "name");
    expect(fields.filter((name) => !syncInputNames.includes(name))).toEqual([]);
    const order = await orderOf(await checked(asked()), subject);
    expect(Object.keys(outputsOf(undefined, order, 1)).filter((name) => syncInputNames.includes(name))).toEqual([]);
  });

  test("keeps the job's name and file when resource or stack are renamed, so that its workers are found", async () => {
    const first = await checked(asked());
    expect(first).toMatchObject({ jobName: "follow", jobFile: ".tableferry/sync/dev/follow.json", mappingHash: expect.any(String) });
    const moved = { ...subject, urn: subject.urn.replace(":dev::", ":prod::") };
    const { inputs } = await syncJobHandlers.check({ asked: asked(), before: first, name: "follow" }, moved);
    expect(inputs["jobFile"]).toBe(first["jobFile"]);
    const other = await syncJobHandlers.check({ asked: asked({ jobName: "other" }), before: first, name: "follow" }, moved);
    expect(other.inputs["jobFile"]).toBe(".tableferry/sync/prod/other.json");
  });

  test("waits with what is not known yet", async () => {
    const inputs = await checked(asked({ source: UNKNOWN, mapping: UNKNOWN }));
    expect(inputs["mappingHash"]).toBe(UNKNOWN);
    expect(await syncJobHandlers.plan?.(inputs, undefined, subject)).toEqual(["the plan is known once its source and target are"]);
  });

  test.each([
    ["source", { source: side("legacy", { table: "sales" }) }],
    ["filter", { filter: [{ column: "total", is: "exists" }] }],
    ["initial", { initial: "none" }],
    ["tunnel", { tunnel: "another" }],
  ])("refuses another %s, until the program says to begin anew", async (property, change) => {
    const before = await checked(asked());
    expect((await check(asked(change), before)).failures).toEqual([{ property, reason: expect.stringContaining('onChange: "recopy"') }]);
    await checked(asked({ ...change, onChange: "recopy" }), before);
  });

  test("refuses a source that was made anew: what its tunnel has not handed out is gone (R9)", async () => {
    const before = await checked(asked({ sourceIncarnation: "noon" }));
    expect((await check(asked({ sourceIncarnation: "midnight" }), before)).failures).toEqual([
      { property: "source", reason: expect.stringContaining('onChange: "recopy"') },
    ]);
  });

  test("refuses a changed mapping until the program says what it means for rows that are there (R13)", async () => {
    const before = await checked(asked());
    const mapping = { columns: { amount: "total" } };
    expect((await check(asked({ mapping }), before)).failures).toEqual([
      { property: "mapping", reason: expect.stringContaining('onMappingChange: "recopy"') },
    ]);
    for (const onMappingChange of ["recopy", "fromNow"]) await checked(asked({ mapping, onMappingChange }), before);
  });

  test("lets an address, a limit and the number of workers change", async () => {
    const before = await checked(asked());
    await checked(
      asked({ source: side("legacy", { endpoint: "http://127.0.0.1:10" }), limits: { rowsPerSecond: 9 }, ...workers(3) }),
      before,
    );
  });
});

describe("whether there is anything to do", () => {
  test("the processes themselves are looked at: all there is no difference, one missing is one", async () => {
    const inputs = await checked(asked(workers(2)));
    running(2);
    expect(await diff(atRest(inputs), inputs)).toEqual({ changes: false });
    rmSync(join(folder, ".tableferry/sync/dev/follow/worker-2.json"));
    expect(await diff(atRest(inputs), inputs)).toEqual({ changes: true });
    expect(subject.lines).toEqual(["show: 1 worker runs, 2 are declared; `up` starts the missing"]);
  });

  test("what was not in step at the end of the last up is to be waited for", async () => {
    const inputs = await checked(asked());
    running(1);
    expect(await diff({ ...inputs, phase: "catching up" }, inputs)).toEqual({ changes: true });
    expect(await diff({ ...inputs, phase: "paused" }, inputs)).toEqual({ changes: false });
  });

  test("a job of another name is another job", async () => {
    const inputs = await checked(asked());
    const now = await checked(asked({ jobName: "other" }), inputs);
    expect(await diff(atRest(inputs), now)).toEqual({ changes: true, replaces: ["jobName"] });
  });

  test("refresh records fewer workers as drift, so that the next up starts the others; numbers that move are left alone", async () => {
    const inputs = await checked(asked(workers(2)));
    running(2);
    const recorded = { ...atRest(inputs), workers: 2, changes: 12, behindSeconds: 0.4 };
    expect(await syncJobHandlers.read("follow", recorded, subject)).toEqual({ outputs: { workers: 2 } });
    rmSync(join(folder, ".tableferry/sync/dev/follow/worker-1.json"));
    const drifted = await syncJobHandlers.read("follow", recorded, subject);
    expect(drifted).toEqual({ outputs: { workers: 1 }, inputs: workers(1) });
    expect(await diff({ ...recorded, ...drifted?.outputs, ...drifted?.inputs }, inputs)).toEqual({ changes: true });
  });
});

describe("the plan in a preview", () => {
  test("of a store that is not started yet is known later", async () => {
    expect(await syncJobHandlers.plan?.(await checked(asked()), undefined, subject)).toEqual([
      "the plan is known once table orders of instance legacy and table orders of instance modern can be reached",
    ]);
  });

  test("of an instance that the same update makes is known later; of tables that are there it is the library's plan", async () => {
    await using store = await startTableStore({ instances: ["legacy"] });
    writeFileSync(join(folder, "keys.json"), JSON.stringify({ accessKeyId: store.accessKeyId, accessKeySecret: store.accessKeySecret }));
    const { endpoint } = store;
    const given = asked({ source: side("legacy", { endpoint }), target: side("modern", { endpoint }), ...workers(2) });
    const plan = async () => syncJobHandlers.plan?.(await checked(given), undefined, subject);
    expect(await plan()).toEqual(["the plan is known once its instances are there"]);
    await store.createInstance("modern");
    for (const instanceName of ["legacy", "modern"]) {
      const table = { endpoint, instanceName, credentials: { file: "keys.json" }, tableName: "orders" };
      await tableHandlers.create({ ...table, primaryKey: [{ name: "id", type: "string" }] }, subject);
    }
    expect((await plan())?.slice(-2)).toEqual([
      "2 workers on this machine",
      expect.stringMatching(/^copies .*, then applies changes as they come$/),
    ]);
  });

  test("that workers would stop at fails the preview; a target may yet be made by the same update", async () => {
    await using store = await startTableStore({ instances: ["legacy", "modern"] });
    writeFileSync(join(folder, "keys.json"), JSON.stringify({ accessKeyId: store.accessKeyId, accessKeySecret: store.accessKeySecret }));
    const { endpoint } = store;
    const table = { endpoint, instanceName: "legacy", credentials: { file: "keys.json" }, tableName: "orders" };
    await tableHandlers.create({ ...table, primaryKey: [{ name: "id", type: "string" }] }, subject);
    const sides = { source: side("legacy", { endpoint }), target: side("modern", { endpoint }) };
    const plan = async (more: Properties = {}) => syncJobHandlers.plan?.(await checked(asked({ ...sides, ...more })), undefined, subject);
    expect(await plan()).toEqual(["the plan is known once table orders of instance modern is there"]);
    await tableHandlers.create({ ...table, instanceName: "modern", primaryKey: [{ name: "name", type: "string" }] }, subject);
    await expect(plan({ mapping: { key: { name: "name" } } })).rejects.toThrow(/^TF_MAPPING_INVALID: key: different source rows/);
  });

  test.each([
    [workers(3), ["3 workers instead of 1; those that run go on meanwhile"]],
    [
      { limits: { rowsPerSecond: 5 } },
      ["limits: rates are changed as the workers run; other limits start them again, one after the other"],
    ],
    [{ lagSeconds: 9, warnHours: 3 }, ["warnHours, lagSeconds: the workers are started again with it, one after the other"]],
    [{ timeoutSeconds: 9, forget: true }, []],
  ])("of %j says what becomes of workers that run, without asking anybody", async (change, lines) => {
    const before = await checked(asked());
    expect(await syncJobHandlers.plan?.(await checked(asked(change), before), before, subject)).toEqual(lines);
  });
});

describe("the job's file", () => {
  test("says what the resource does, with its paths from its own folder", async () => {
    const more = {
      mapping: "mappings/orders.ts",
      verify: { signingKey: "key.pem" },
      state: { type: "table", ...stateTable, credentials: { file: "/keys.json" } },
    };
    mkdirSync(join(folder, "mappings"));
    writeFileSync(join(folder, "mappings/orders.ts"), "export default { columns: {} };");
    const order = await orderOf(await checked(asked({ ...more, ...workers(2), timeoutSeconds: 4 })), subject);
    const file = JSON.parse(order.fileText) as Properties;
    expect(parseSync(order.fileText)).toMatchObject({ kind: "sync", name: "follow" });
    expect(file).toMatchObject({
      source: { credentials: { file: "../../../keys.json" } },
      state: { credentials: { file: "/keys.json" } },
      mapping: "../../../mappings/orders.ts",
      verify: { signingKey: "../../../key.pem" },
    });
    expect(Object.keys(file).filter((name) => ["runner", "timeoutSeconds", "jobFile", "mappingHash"].includes(name))).toEqual([]);
  });

  test("moves what a cut-over names by its path, and starts workers again when the mapping of the way back changes", async () => {
    mkdirSync(join(folder, "mappings"));
    const write = (text: string) => writeFileSync(join(folder, "mappings/back.ts"), text);
    const fence = { close: ["./fence.sh", "close"], open: ["fence", "open"] };
    const order = async () => orderOf(await checked(asked({ cutOver: { backMapping: "mappings/back.ts", fence } })), subject);
    write("export default { columns: {} };");
    const before = await order();
    expect(JSON.parse(before.fileText)).toMatchObject({
      cutOver: { backMapping: "../../../mappings/back.ts", fence: { close: ["../../../fence.sh", "close"], open: ["fence", "open"] } },
    });
    write('export default { columns: { a: "b" } };');
    const { settings } = await order();
    expect([settings.jobId === before.settings.jobId, settings.manner === before.settings.manner]).toEqual([true, false]);
  });

  test("tells workers that must start again from those that go on: rates are told as they run", async () => {
    const settings = async (more: Properties) => (await orderOf(await checked(asked(more)), subject)).settings;
    const plain = await settings({});
    expect(await settings({ limits: { rowsPerSecond: 9, bytesPerSecond: 9 }, ...workers(9) })).toEqual(plain);
    expect((await settings({ limits: { writesInFlight: 9 } })).manner).not.toBe(plain.manner);
    expect((await settings({ mapping: { columns: { amount: "total" } } })).jobId).not.toBe(plain.jobId);
  });

  test("workers are given the variables that its credentials name, and no others of that kind", () => {
    const needed = credentialVariables(
      parseSync({ ...syncFields(asked({ jobName: "follow", source: side("legacy", { credentials: { env: "OLD" } }) })) }),
    );
    const names = ["OLD_ACCESS_KEY_ID", "OLD_ACCESS_KEY_SECRET", "OLD_SECURITY_TOKEN", "NEW_ACCESS_KEY_ID", "ALIBABA_CLOUD_ROLE_ARN"];
    expect(names.filter(needed)).toEqual(names.slice(0, 3));
    const chain = credentialVariables(
      parseSync({ ...syncFields(asked({ jobName: "follow", target: side("modern", { credentials: { chain: true } }) })) }),
    );
    expect(names.filter(chain)).toEqual(["ALIBABA_CLOUD_ROLE_ARN"]);
  });
});

const stateTable = { endpoint: "http://127.0.0.1:9", instance: "modern", table: "state" };
