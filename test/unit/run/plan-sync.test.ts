import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseSync } from "../../../src/job/parse-job.ts";
import type { SyncSpec } from "../../../src/job/sync-spec.ts";
import { TableStateStore } from "../../../src/pipeline/table-state-store.ts";
import { forgetSync } from "../../../src/run/forget-job.ts";
import { planSync } from "../../../src/run/plan-sync.ts";
import { runSync } from "../../../src/run/run-sync.ts";
import { syncStanding } from "../../../src/run/sync-job.ts";
import { deleteTableTunnel, ensureTableTunnel, lookAtTableTunnel } from "../../../src/run/table-tunnel.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { updateTable } from "../../../src/wire/operation/update-table.ts";
import { JobInStore } from "./job-in-store.ts";

let at: JobInStore;

beforeEach(async () => {
  at = await JobInStore.open();
});

afterEach(() => at[Symbol.asyncDispose]());

const key = [{ name: "id", type: "integer" }] as const;

/** A sync from `orders` of legacy to a table that is made with the same key, unless told otherwise. */
const spec = (change: object = {}): SyncSpec =>
  parseSync({
    kind: "sync",
    name: "orders",
    source: at.table("legacy", "orders"),
    target: at.table("modern", "orders", { create: { primaryKey: key } }),
    ...change,
  });

const plan = (change: object = {}, options = {}) => planSync(spec(change), at.context(), options);

describe("the plan of a sync", () => {
  test("says what is copied, how changes apply, and what becomes of stream and tunnel, and makes none of them", async () => {
    await at.loadOrders(50);
    const { lines, ...found } = await plan();
    expect(found).toMatchObject({
      action: "begin",
      mode: "cells",
      identity: true,
      stream: { enabled: false, hours: 168 },
      tunnel: { name: "tableferry_orders", exists: false },
      copy: { action: "copy", estimate: { rows: expect.any(Number) } },
      problems: [],
      warnings: [],
    });
    expect(lines).toEqual([
      "from table orders of instance legacy to table orders of instance modern, which will be made",
      "rows are carried over as they are; each change is applied as its record says (cells)",
      "the source's stream will be switched on, to keep changes 168 hours; tunnel tableferry_orders will be made",
      expect.stringMatching(/^copies about \d+ rows .*, then applies changes as they come$/),
    ]);
    expect(await at.modern.listTable()).toEqual([]);
    expect((await at.legacy.describeTable("orders")).stream?.enabled ?? false).toBe(false);
    expect(await lookAtTableTunnel({ ...spec().source, tunnel: "tableferry_orders" }, at.context())).toBeUndefined();
  });

  test.each([
    ["cells", { columns: { amount: { from: "total", as: "double" } } }],
    ["image", { columns: { amount: { from: "total", as: "double", default: { double: "0" } } } }],
  ])("names the mode of the mapping: %s (R1)", async (mode, mapping) => {
    await at.loadOrders(5);
    expect(await plan({ mapping })).toMatchObject({ mode, problems: [] });
  });

  test("of a stream that is on counts with the old values that it keeps: without them a row is read again (R1)", async () => {
    await at.loadOrders(5);
    const stream = { enabled: true, expirationHours: 24, originColumns: [] };
    await at.legacy.call(updateTable, { tableName: "orders", stream });
    const found = await plan({ mapping: { columns: { amount: { from: "total", as: "double", default: { double: "0" } } } } });
    expect(found).toMatchObject({ mode: "look-up", stream: { enabled: true, hours: 24 } });
    expect(found.warnings).toEqual([
      "the source's stream is on already and keeps changes 24 hours, not the 168 declared; it is left as it is",
    ]);
  });

  test("refuses a mapping through which changes cannot be replayed (R1)", async () => {
    await at.loadOrders(5);
    const target = at.table("modern", "orders", { create: { primaryKey: [{ name: "customer", type: "string" }] } });
    const found = await plan({ target, mapping: { key: { customer: "customer" } } });
    expect(found.action).toBe("refuse");
    expect(found.problems.join("\n")).toMatch(/TF_MAPPING_INVALID: key: different source rows could get the same target key/);
    expect(found.lines.at(-1)).toMatch(/^would stop: TF_MAPPING_INVALID/);
  });

  test("refuses a target that holds rows, unless told what becomes of them (R10)", async () => {
    await at.loadOrders(5);
    await at.createTable(at.modern, "orders", key);
    await at.putRow(at.modern, "orders", { id: 1n }, { total: "1" });
    expect(await plan()).toMatchObject({ action: "refuse", problems: [expect.stringMatching(/^TF_TARGET_NOT_EMPTY/)] });
    expect(await plan({ onTargetNotEmpty: "merge" })).toMatchObject({ action: "begin", problems: [] });
  });

  test("refuses a tunnel of another type under its name", async () => {
    await at.loadOrders(5);
    await ensureTableTunnel({ ...spec().source, tunnel: "mine" }, { type: "BaseAndStream", retentionHours: 24 }, at.context());
    expect(await plan({ tunnel: "mine" })).toMatchObject({
      action: "refuse",
      problems: ["TF_TUNNEL_THERE: mine is of type BaseAndStream"],
    });
  });

  test("of a source that is not there yet is no error", async () => {
    expect(await plan()).toMatchObject({ action: "unknown", problems: [], lines: [expect.anything(), "known once the source exists"] });
  });

  test("is of one table", async () => {
    const sets = { source: at.table("legacy", "o*"), target: at.table("modern", "o*") };
    await expect(plan(sets)).rejects.toMatchObject({ code: "TF_USAGE" });
  });
});

describe("a sync that has run", () => {
  /** A worker, until the target is in step; then it is told to end. */
  async function ran(one: SyncSpec): Promise<void> {
    await at.loadOrders(20);
    const end = new AbortController();
    const worker = runSync(one, { ...at.context(), signal: end.signal });
    let phase = "";
    try {
      for (let looks = 0; phase !== "in step" && looks < 300; looks++) {
        await systemClock.sleep(50);
        phase = (await syncStanding(one, at.context())).phase;
      }
      await expect(forgetSync(one, at.context())).rejects.toMatchObject({ code: "TF_RUN_HELD" });
    } finally {
      end.abort();
      await worker.catch(() => undefined);
    }
    expect(phase).toBe("in step");
  }

  test("goes on where it ended; a changed mapping is planned as declared (R13)", async () => {
    await ran(spec());
    expect((await plan()).lines.at(-1)).toBe("is copied; goes on applying changes");
    const mapping = { columns: { amount: "total" } };
    expect((await plan({ mapping })).problems).toEqual([expect.stringMatching(/^TF_MAPPING_CHANGED/)]);
    expect(await plan({ mapping, onMappingChange: "fromNow" })).toMatchObject({ action: "from now", problems: [] });
    const again = await plan({ mapping, onMappingChange: "recopy" });
    expect(again).toMatchObject({ action: "recopy", problems: [] });
    expect(again.lines.at(-1)).toMatch(/^copies about \d+ rows again over what is there/);
  });

  test("belongs to its tables: for others it must be forgotten first, and the plan can tell what then comes", async () => {
    await ran(spec());
    const filter = [{ column: "total", is: "exists" }];
    expect((await plan({ filter })).problems).toEqual([expect.stringMatching(/^TF_SYNC_OTHER/)]);
    expect(await plan({ filter, onTargetNotEmpty: "merge" }, { anew: true })).toMatchObject({ action: "begin", problems: [] });
  });

  test("is not in step once nobody holds its channels, however little there is to read", async () => {
    await ran(spec());
    const standing = await syncStanding(spec(), at.context());
    expect(standing).toMatchObject({ phase: "no worker", unheld: [expect.any(String)] });
  });

  test("is forgotten with all its state once no worker is alive; its tunnel stays", async () => {
    await ran(spec());
    expect(await forgetSync(spec(), at.context())).toBeGreaterThan(2);
    expect(await syncStanding(spec(), at.context())).toMatchObject({ phase: "not begun", workers: [] });
    const place = { ...spec().source, tunnel: "tableferry_orders" };
    expect(await lookAtTableTunnel(place, at.context())).toMatchObject({ type: "Stream", retentionHours: 168 });
    expect([await deleteTableTunnel(place, at.context()), await deleteTableTunnel(place, at.context())]).toEqual([true, false]);
  });

  test("with a cut-over is forgotten in both ways (R12)", async () => {
    const both = spec({ cutOver: {} });
    const state = new TableStateStore({ client: at.modern, table: "tableferry_state", clock: systemClock });
    for (const key of ["orders/sync", "orders/cut-over", "orders.back/sync", "orders.backwards/sync"])
      await state.compareAndSet(key, undefined, { token: "t", seq: 1, value: "{}" });
    expect(await forgetSync(both, at.context())).toBe(3);
    expect(await state.get("orders.backwards/sync"), "another job").toBeDefined();
  });
});
