import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Properties } from "../../../components/provider/handlers.ts";
import { tableHandlers } from "../../../components/provider/table.ts";
import { tunnelHandlers } from "../../../components/provider/tunnel.ts";
import { startTableStore, type TestTableStore } from "../../../src/testing.ts";
import { testSubject, type TestSubject } from "./subject.ts";

let folder: string;
let store: TestTableStore;
let subject: TestSubject;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tableferry-tunnel-"));
  store = await startTableStore({ instances: ["legacy"] });
  writeFileSync(join(folder, "keys.json"), JSON.stringify({ accessKeyId: store.accessKeyId, accessKeySecret: store.accessKeySecret }));
  subject = testSubject(folder, { name: "changes-tunnel" });
  const table = { endpoint: store.endpoint, instanceName: "legacy", credentials: { file: "keys.json" }, tableName: "orders" };
  await tableHandlers.create({ ...table, primaryKey: [{ name: "id", type: "string" }] }, subject);
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const declared = (more: Properties = {}): Properties => ({
  endpoint: store.endpoint,
  instanceName: "legacy",
  credentials: { file: "keys.json" },
  tableName: "orders",
  tunnelName: "changes",
  ...more,
});
const made = async (inputs: Properties): Promise<Properties> => ({ ...inputs, ...(await tunnelHandlers.create(inputs, subject)).outputs });
const read = (properties: Properties) => tunnelHandlers.read("id", properties, subject);

describe("a tunnel", () => {
  test("is named for the resource unless the program names it", async () => {
    const { tunnelName: _given, ...asked } = declared();
    const byDefault = await tunnelHandlers.check({ asked, before: undefined, name: "changes_of_orders" }, subject);
    expect(byDefault).toMatchObject({ inputs: { tunnelName: "changes_of_orders" }, failures: [] });
  });

  test.each([
    ["type", { type: "BaseData" }],
    ["retentionHours", { retentionHours: 169 }],
    ["tunnelName", { tunnelName: "1st" }],
    ["tunnel", { tunnel: "changes" }],
  ])("a wrong %s is named", async (property, wrong) => {
    const { failures } = await tunnelHandlers.check({ asked: declared(wrong), before: undefined, name: "changes" }, subject);
    expect(failures).toEqual([{ property, reason: expect.stringContaining(property) }]);
  });

  test("made twice is one tunnel, and switches the table's stream on", async () => {
    const first = await made(declared());
    expect(first["tunnelId"]).toMatch(/./);
    expect(await made(declared())).toEqual(first);
    expect(await read(first)).toEqual({ outputs: { tunnelId: first["tunnelId"] } });
  });

  test("on a stream that is on already says how long that keeps changes", async () => {
    await made(declared({ retentionHours: 24 }));
    await made(declared({ tunnelName: "more", retentionHours: 48 }));
    expect(subject.lines.at(-1)).toContain("keeps changes 24 hours, not the 48 declared");
  });

  test("of another table, name or type, or on a table made anew, is another tunnel; at another address it is not", async () => {
    const before = declared({ incarnation: "noon" });
    const diff = (more: Properties) => tunnelHandlers.diff({ id: "id", before, now: declared({ incarnation: "noon", ...more }) }, subject);
    expect(await diff({ type: "Stream" })).toEqual({ changes: false, replaces: [] });
    expect(await diff({ tableName: "sales", type: "BaseAndStream" })).toEqual({ changes: true, replaces: ["tableName", "type"] });
    expect(await diff({ incarnation: "midnight" })).toEqual({ changes: true, replaces: ["incarnation"] });
    expect(await diff({ endpoint: "http://127.0.0.1:9" })).toEqual({ changes: true, replaces: [] });
  });

  test("that was deleted by hand is gone at refresh; one that cannot be seen is left as it was", async () => {
    const before = await made(declared());
    await tunnelHandlers.delete("id", { ...before, deleteTunnel: true }, subject);
    expect(await read(before)).toBeUndefined();
    await store.close();
    expect(await read(before)).toEqual({ outputs: {} });
    expect(subject.lines.at(-1)).toContain("warn: the instance does not answer");
  });

  test("is not deleted unless asked by name, and says that it stays", async () => {
    const before = await made(declared());
    await tunnelHandlers.delete("id", before, subject);
    expect(subject.lines.at(-1)).toContain("tunnel changes of table orders stays");
    expect(await read(before)).toBeDefined();
  });

  test("made anew by somebody else is not ours to delete", async () => {
    const before = await made(declared());
    await tunnelHandlers.delete("id", { ...before, tunnelId: "another", deleteTunnel: true }, subject);
    expect(subject.lines.at(-1)).toContain("is another one than was declared, and stays");
    expect(await read(before)).toBeDefined();
  });
});
