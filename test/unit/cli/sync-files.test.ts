import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../src/base/clock.ts";
import { JobInStore } from "../run/job-in-store.ts";
import { capture, type Captured } from "./captured-terminal.ts";

let at: JobInStore;

beforeEach(async () => {
  at = await JobInStore.open();
  await at.loadOrders(3);
});

afterEach(() => at[Symbol.asyncDispose]());

const typed = (...argv: readonly string[]): Promise<Captured> => capture(argv, { folder: at.folder, env: at.env, clock: systemClock });

function write(change: object = {}): void {
  const target = at.table("modern", "orders", { create: { primaryKey: [{ name: "id", type: "integer" }] } });
  at.write("sync.yaml", JSON.stringify({ kind: "sync", name: "orders", source: at.table("legacy", "orders"), target, ...change }));
}

test("a job of kind sync is planned like any other, and the next command is named", async () => {
  write();
  const { exit, out } = await typed("plan", "sync.yaml");
  expect(exit).toBe(0);
  expect(out).toContain("each change is applied as its record says (cells)");
  expect(out.trimEnd().split("\n").slice(-2)).toEqual(["Next:", "  tableferry sync run sync.yaml"]);
});

test("a sync that would stop fails its plan", async () => {
  write({ mapping: { key: { id: { constant: 1 } } } });
  const { exit, out } = await typed("plan", "sync.yaml");
  expect(exit).not.toBe(0);
  expect(out).toContain("would stop: TF_MAPPING_INVALID");
});

test("a sync that never ran has nothing to forget", async () => {
  write();
  expect((await typed("forget", "sync.yaml", "--yes")).out).toContain("Nothing is known of orders: nothing to forget.");
});
