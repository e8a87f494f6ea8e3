import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Properties } from "../../../components/provider/handlers.ts";
import { instanceHandlers } from "../../../components/provider/instance.ts";
import { tableHandlers } from "../../../components/provider/table.ts";
import { startTableStore, type TestTableStore } from "../../../src/testing.ts";
import { testSubject, type TestSubject } from "./subject.ts";

let folder: string;
let store: TestTableStore;
let subject: TestSubject;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tableferry-table-"));
  store = await startTableStore({ instances: ["legacy"] });
  writeFileSync(join(folder, "keys.json"), JSON.stringify({ accessKeyId: store.accessKeyId, accessKeySecret: store.accessKeySecret }));
  subject = testSubject(folder, { name: "orders-table" });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const key = [{ name: "id", type: "string" }];
const declared = (more: Properties = {}): Properties => ({
  endpoint: store.endpoint,
  instanceName: "legacy",
  credentials: { file: "keys.json" },
  tableName: "orders",
  primaryKey: key,
  ...more,
});
const made = async (inputs: Properties): Promise<Properties> => ({ ...inputs, ...(await tableHandlers.create(inputs, subject)).outputs });

describe("a table", () => {
  test("is named for the resource unless the program names it", async () => {
    const { tableName: _given, ...asked } = declared();
    const byDefault = await tableHandlers.check({ asked, before: undefined, name: "orders" }, subject);
    const named = await tableHandlers.check({ asked: declared({ tableName: "purchases" }), before: undefined, name: "orders" }, subject);
    expect([byDefault.inputs["tableName"], named.inputs["tableName"]]).toEqual(["orders", "purchases"]);
  });

  test.each([
    ["primaryKey", { primaryKey: [] }],
    ["tableName", { tableName: "1st" }],
    ["timeToLiveSeconds", { timeToLiveSeconds: 60 }],
    ["maxVersions", { maxVersions: 0 }],
    ["adopt", { adopt: "yes" }],
    ["primaryKeys", { primaryKeys: key }],
  ])("a wrong %s is named", async (property, wrong) => {
    const { failures } = await tableHandlers.check({ asked: declared(wrong), before: undefined, name: "orders" }, subject);
    expect(failures).toEqual([{ property, reason: expect.stringContaining(property) }]);
  });

  test("made twice is one table: the engine may have been killed before it could record the first", async () => {
    expect(await made(declared())).toEqual(await made(declared()));
  });

  test("that is there with other options is refused, and the way out works", async () => {
    await made(declared({ maxVersions: 3 }));
    await expect(made(declared())).rejects.toMatchObject({
      code: "TF_TABLE_THERE",
      message: expect.stringContaining("maxVersions 3"),
      wayOut: expect.stringContaining("adopt: true"),
    });
    await made(declared({ adopt: true }));
    expect(await tableHandlers.read("id", await made(declared()), subject)).toMatchObject({ inputs: {} });
  });

  test("that is there with another key is never taken", async () => {
    await made(declared());
    const other = declared({ primaryKey: [{ name: "number", type: "integer" }], adopt: true });
    await expect(made(other)).rejects.toMatchObject({ code: "TF_TABLE_THERE", message: expect.stringContaining("id (string)") });
  });

  test("cannot change its key, and says what to do instead", async () => {
    const before = await made(declared());
    const asked = declared({ primaryKey: [{ name: "number", type: "integer" }] });
    const { failures } = await tableHandlers.check({ asked, before, name: "orders" }, subject);
    expect(failures).toEqual([{ property: "primaryKey", reason: expect.stringContaining("tableName") }]);
  });

  test("changed options are set, a changed name is another table", async () => {
    const before = await made(declared());
    const now = declared({ maxVersions: 2 });
    expect(await tableHandlers.diff({ id: "1", before, now }, subject)).toEqual({ changes: true, replaces: [] });
    const after = { ...now, ...(await tableHandlers.update({ id: "1", before, now }, subject)) };
    expect(await tableHandlers.read("1", after, subject)).toMatchObject({ inputs: {} });
    expect(await tableHandlers.diff({ id: "1", before, now: declared({ tableName: "other" }) }, subject)).toEqual({
      changes: true,
      replaces: ["tableName"],
    });
  });

  test("declaring a default changes nothing", async () => {
    const before = await made(declared());
    expect(await tableHandlers.diff({ id: "1", before, now: declared({ maxVersions: 1, timeToLiveSeconds: -1 }) }, subject)).toEqual({
      changes: false,
      replaces: [],
    });
  });

  test("refresh sees options changed by hand, a table made anew, and a table that is gone", async () => {
    const before = await made(declared());
    await tableHandlers.update({ id: "1", before, now: declared({ maxVersions: 4 }) }, subject);
    expect(await tableHandlers.read("1", before, subject)).toMatchObject({ inputs: { maxVersions: 4 } });
    await tableHandlers.delete("1", { ...before, deleteData: true }, subject);
    expect(await tableHandlers.read("1", before, subject)).toBeUndefined();
    const anew = await made(declared());
    expect(anew["incarnation"]).not.toBe(before["incarnation"]);
    expect(await tableHandlers.read("1", before, subject)).toMatchObject({ outputs: { incarnation: anew["incarnation"] } });
  });

  test("refresh leaves alone what it cannot see because the store is stopped", async () => {
    const before = await made(declared());
    await store.close();
    expect(await tableHandlers.read("1", before, subject)).toEqual({ outputs: {} });
    expect(subject.lines.at(-1)).toContain("warn: the instance does not answer");
  });

  test("is not deleted unless asked by name, and says that it stays", async () => {
    const before = await made(declared());
    await tableHandlers.delete("1", before, subject);
    expect(subject.lines.at(-1)).toContain("table orders of instance legacy stays with its rows");
    expect(await tableHandlers.read("1", before, subject)).toBeDefined();
  });

  test("made anew by somebody else is not ours to delete", async () => {
    const before = await made(declared());
    await tableHandlers.delete("1", { ...before, incarnation: "1", deleteData: true }, subject);
    expect(await tableHandlers.read("1", before, subject)).toBeDefined();
  });
});

describe("an instance of an embedded store", () => {
  const instance = (more: Properties = {}): Properties => ({
    endpoint: store.endpoint,
    keysFile: "keys.json",
    instanceName: "modern",
    ...more,
  });
  const create = async (inputs: Properties) => ({ ...inputs, ...(await instanceHandlers.create(inputs, subject)).outputs });

  test("made twice is one instance, of a store that has an id", async () => {
    const first = await create(instance());
    expect(await create(instance())).toEqual(first);
    expect(first["storeId"]).toMatch(/^[0-9a-f]{32}$/);
  });

  test("a store at another address is the same, another store at the same address is not", async () => {
    const before = await create(instance());
    expect(await instanceHandlers.diff({ id: "modern", before, now: instance({ endpoint: "http://127.0.0.1:1" }) }, subject)).toEqual({
      changes: true,
      replaces: [],
    });
    expect(await instanceHandlers.diff({ id: "modern", before, now: instance({ storeId: "another" }) }, subject)).toEqual({
      changes: true,
      replaces: ["storeId"],
    });
  });

  test("that was dropped by hand is gone at refresh", async () => {
    const before = await create(instance());
    await instanceHandlers.delete("modern", { ...before, deleteData: true }, subject);
    expect(await instanceHandlers.read("modern", before, subject)).toBeUndefined();
  });

  test("stays with its tables unless asked by name", async () => {
    const before = await create(instance());
    await instanceHandlers.delete("modern", before, subject);
    expect(subject.lines.at(-1)).toContain("instance modern stays with its tables");
    expect(await instanceHandlers.read("modern", before, subject)).toBeDefined();
  });

  test("of another store that now answers at the address is not dropped", async () => {
    const before = await create(instance());
    await instanceHandlers.delete("modern", { ...before, storeId: "another", deleteData: true }, subject);
    expect(await instanceHandlers.read("modern", before, subject)).toBeDefined();
  });

  test.each(["x", "9lives", "ends-", "far-too-long-a-name-for-one"])("cannot be named %s", async (instanceName) => {
    const { failures } = await instanceHandlers.check({ asked: instance({ instanceName }), before: undefined, name: "modern" }, subject);
    expect(failures).toMatchObject([{ property: "instanceName" }]);
  });
});
