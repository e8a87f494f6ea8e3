import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { embeddedStoreHandlers } from "../../../components/provider/embedded-store.ts";
import { freePort } from "../../../components/provider/free-port.ts";
import type { Properties } from "../../../components/provider/handlers.ts";
import { UNKNOWN } from "../../../components/provider/unknown.ts";
import { startTableStore } from "../../../src/testing.ts";
import { testSubject, type TestSubject } from "./subject.ts";

let folder: string;
let subject: TestSubject;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tableferry-store-"));
  subject = testSubject(folder, { name: "laptop" });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const check = (asked: Properties, before?: Properties) => embeddedStoreHandlers.check({ asked, before, name: "laptop" }, subject);
const nobody = () => Promise.resolve(false);

async function occupy(port: number): Promise<Server & AsyncDisposable> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", () => resolve()));
  return server;
}

describe("the port of a store", () => {
  test("is chosen when it is first planned, and the same at the update", async () => {
    const [first, second] = [await check({ dataDir: "data" }), await check({ dataDir: "data" })];
    expect(first.inputs).toEqual({
      dataDir: "data",
      port: expect.any(Number),
      endpoint: `http://127.0.0.1:${String(first.inputs["port"])}`,
      keysFile: join("data", "keys.json"),
    });
    expect(second).toEqual(first);
  });

  test("is another for another folder, and another where the first is taken by somebody else", async () => {
    const port = await freePort(join(folder, "data"), nobody);
    expect(await freePort(join(folder, "other"), nobody)).not.toBe(port);
    await using _taken = await occupy(port!);
    expect(await freePort(join(folder, "data"), nobody)).not.toBe(port);
  });

  test("that this very store has already is its own", async () => {
    const port = await freePort(join(folder, "data"), nobody);
    await using store = await startTableStore({ dataDir: join(folder, "data"), port: port! });
    expect(store.endpoint).toContain(String(port));
    expect((await check({ dataDir: "data" })).inputs["port"]).toBe(port);
  });

  test("once chosen is kept, also while it is taken; one that is given wins", async () => {
    const before = { dataDir: "data", port: 31_111 };
    await using _taken = await occupy(31_111);
    expect((await check({ dataDir: "data" }, before)).inputs["port"]).toBe(31_111);
    expect((await check({ dataDir: "data", port: 31_112 }, before)).inputs["port"]).toBe(31_112);
  });

  test("is not known while the folder is not", async () => {
    expect((await check({ dataDir: UNKNOWN })).inputs).toMatchObject({ port: UNKNOWN, endpoint: UNKNOWN, keysFile: UNKNOWN });
  });
});

describe("a store's arguments", () => {
  test.each([
    ["dataDir", { dataDir: "" }],
    ["port", { dataDir: "d", port: 70_000 }],
    ["keepRunning", { dataDir: "d", keepRunning: "yes" }],
    ["dataDri", { dataDir: "d", dataDri: "d" }],
    ["keepRunning", { dataDir: "d", keepRunning: true, deleteData: true }],
  ])("a wrong %s is named", async (property, wrong) => {
    expect((await check(wrong)).failures).toEqual([{ property, reason: expect.stringContaining(property) }]);
  });
});

describe("a store", () => {
  test("that does not answer is to be started, whatever is recorded", async () => {
    const { inputs } = await check({ dataDir: "data" });
    expect(
      await embeddedStoreHandlers.diff({ id: "5a", before: { ...inputs, storeId: "5a", status: "running" }, now: inputs }, subject),
    ).toEqual({ changes: true });
    expect(subject.lines).toEqual(["show: the server does not run; it will be started"]);
  });

  test("that answers with its id is left alone", async () => {
    await using store = await startTableStore({ dataDir: join(folder, "data") });
    const inputs = {
      dataDir: "data",
      port: Number(new URL(store.endpoint).port),
      endpoint: store.endpoint,
      keysFile: join("data", "keys.json"),
    };
    const made = await embeddedStoreHandlers.create(inputs, subject);
    expect(made).toEqual({ id: expect.stringMatching(/^[0-9a-f]{32}$/), outputs: { storeId: made.id, status: "running" } });
    expect(await embeddedStoreHandlers.diff({ id: made.id, before: { ...inputs, ...made.outputs }, now: inputs }, subject)).toEqual({
      changes: false,
    });
  });

  test("over another folder is another store", async () => {
    const before = (await check({ dataDir: "data" })).inputs;
    const { inputs } = await check({ dataDir: "other" }, before);
    expect(await embeddedStoreHandlers.diff({ id: "5a", before, now: inputs }, subject)).toEqual({ changes: true, replaces: ["dataDir"] });
    expect(inputs["port"]).not.toBe(before["port"]);
  });

  test("whose folder is gone is gone at refresh; one that is only stopped is not", async () => {
    const { inputs } = await check({ dataDir: "data" });
    expect(await embeddedStoreHandlers.read("5a", inputs, subject)).toBeUndefined();
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data", "store.json"), JSON.stringify({ format: 1, storeId: "5a" }));
    expect(await embeddedStoreHandlers.read("5a", inputs, subject)).toEqual({ outputs: { storeId: "5a", status: "stopped" } });
  });

  test("that was replaced by another in its folder is not deleted with it", async () => {
    const { inputs } = await check({ dataDir: "data" });
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data", "store.json"), JSON.stringify({ format: 1, storeId: "other" }));
    await embeddedStoreHandlers.delete("5a", { ...inputs, storeId: "5a", deleteData: true }, subject);
    expect(subject.lines.at(-1)).toContain("another store now");
    expect(await embeddedStoreHandlers.read("5a", inputs, subject)).toMatchObject({ outputs: { storeId: "other" } });
  });
});
