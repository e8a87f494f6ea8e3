import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cutoverHandlers } from "../../../components/provider/cutover.ts";
import type { Properties } from "../../../components/provider/handlers.ts";
import { UNKNOWN } from "../../../components/provider/unknown.ts";
import { testSubject, type TestSubject } from "./subject.ts";

let folder: string;
let subject: TestSubject;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tableferry-cutover-"));
  subject = testSubject(folder, { name: "orders-writers" });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const side = (instance: string, more: Properties = {}): Properties => ({
  ...{ type: "table-store", endpoint: "http://127.0.0.1:9", instance, table: "orders", credentials: { file: "keys.json" } },
  ...more,
});
const job = (more: Properties = {}): Properties => ({
  jobName: "orders",
  source: side("legacy"),
  target: side("modern"),
  cutOver: {},
  ...more,
});
const inputs = (more: Properties = {}): Properties => ({ job: job(), writers: "source", ...more });
const check = (asked: Properties, before?: Properties) => cutoverHandlers.check({ asked, before, name: "orders-writers" }, subject);
const diff = (before: Properties, now: Properties) => cutoverHandlers.diff({ id: "orders", before, now }, subject);

describe("checking where writers write", () => {
  test.each([
    ["another side", { writers: "both" }, "writers", '"source" or "target"'],
    ["no sync", { job: undefined }, "job", "a SyncJob"],
    ["a negative wait", { waitSeconds: -1 }, "waitSeconds", "0 or more"],
    ["a phase that there is not", { phase: "moved" }, "phase", '"cutover"'],
    ["an unknown field", { writer: "source" }, "writer", "unknown field"],
  ])("names %s", async (_what, wrong, property, words) => {
    expect((await check(inputs(wrong))).failures).toContainEqual({ property, reason: expect.stringContaining(words) });
  });

  test("refuses a sync that does not say how writers are moved", async () => {
    const { failures } = await check(inputs({ job: job({ cutOver: undefined }) }));
    expect(failures).toEqual([{ property: "sync", reason: expect.stringContaining("`cutOver: {}`") }]);
  });

  test("refuses a phase that does not follow the one before", async () => {
    const { failures } = await check(inputs({ phase: "cutover", writers: "target" }), inputs({ phase: "copy" }));
    expect(failures).toEqual([{ property: "phase", reason: expect.stringContaining('declare phase: "sync" first') }]);
    expect((await check(inputs({ phase: "cutover", writers: "target" }), inputs({ phase: "sync" }))).failures).toEqual([]);
  });
});

describe("planning a move of writers", () => {
  test("waits with what is not known yet, and with what cannot be reached", async () => {
    const unknown = inputs({ job: job({ source: UNKNOWN }), writers: "target" });
    expect(await cutoverHandlers.plan?.(unknown, inputs(), subject)).toEqual(["whether writers may be moved is known once the sync is"]);
    expect(await cutoverHandlers.plan?.(inputs({ writers: "target" }), inputs(), subject)).toEqual([
      expect.stringContaining("is known once table orders of instance legacy and table orders of instance modern can be reached"),
    ]);
  });

  test("says nothing where writers stay", async () => {
    expect(await cutoverHandlers.plan?.(inputs({ waitSeconds: 5 }), inputs(), subject)).toEqual([]);
  });

  test("says how it ends", async () => {
    const retired = inputs({ phase: "retired", writers: "target" });
    const reverse = { ...retired, phase: "reverse" };
    expect(await cutoverHandlers.plan?.(retired, reverse, subject)).toEqual([expect.stringContaining("then both sides take writes again")]);
    expect(await cutoverHandlers.plan?.({ ...retired, keepClosed: true }, reverse, subject)).toEqual([
      expect.stringContaining("then the source stays closed to writers"),
    ]);
  });
});

describe("whether there is anything to do", () => {
  test("a store that does not answer is no difference: what it knows is seen once it is started", async () => {
    expect(await diff(inputs(), inputs())).toEqual({ changes: false });
  });

  test("other writers are a change, other tables another thing", async () => {
    expect(await diff(inputs(), inputs({ writers: "target" }))).toEqual({ changes: true });
    const moved = inputs({ job: job({ target: side("modern", { table: "sales" }) }) });
    expect(await diff(inputs(), moved)).toEqual({ changes: true, replaces: ["job"] });
    const elsewhere = inputs({ job: job({ target: side("modern", { endpoint: "http://127.0.0.1:10" }) }) });
    expect(await diff(inputs(), elsewhere)).toEqual({ changes: true });
  });
});

test("what is deleted while nobody answers says what stays closed", async () => {
  await cutoverHandlers.delete("orders", inputs(), subject);
  expect(subject.lines).toEqual([expect.stringContaining("whoever is kept from writing stays so")]);
  await cutoverHandlers.delete("orders", inputs({ keepClosed: true }), subject);
  expect(subject.lines.at(-1)).toBe("say: the target stays closed to writers");
});
