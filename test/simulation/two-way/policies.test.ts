import { describe, expect, test } from "vitest";
import { hasCode } from "../../../src/base/error.ts";
import type { SyncSpec } from "../../../src/job/sync-spec.ts";
import { TwoSites, type Site } from "./two-sites.ts";

/** Two sites in step, with a row `k` of `v=old`, and a spec of theirs. */
async function inStep(twoWay: object = {}, more: object = {}): Promise<{ world: TwoSites; spec: SyncSpec }> {
  const world = await TwoSites.open(5, { a: 0, b: 0 });
  await world.a.put("k", { v: "old" });
  const spec = world.spec({ twoWay: { site: "A", otherSite: "B", ...twoWay }, ...more });
  await world.start(spec);
  await world.streaming();
  await world.until(async () => (await world.b.rows()).length === 1);
  return { world, spec };
}

/** What both sites hold at rest, and what is listed, after changes made at once: the first one a millisecond earlier. */
async function afterBoth(twoWay: object, first: "A" | "B", change: (site: Site) => Promise<void>) {
  const { world, spec } = await inStep(twoWay);
  const [one, other] = first === "A" ? [world.a, world.b] : [world.b, world.a];
  await change(one);
  await world.clock.advance(1);
  await change(other);
  await world.quiet(4000);
  const [rows, onB] = [await world.a.rows(false), await world.b.rows(false)];
  const [times, timesOnB] = [await world.a.rows(), await world.b.rows()];
  const conflicts = await world.conflicts(spec);
  const counts = [...world.workers[0]!.beats.values()].map(({ counts: { conflicts: by } }) =>
    Object.values(by ?? {}).reduce((a, b) => a + b, 0),
  );
  await world.close();
  expect(rows).toEqual(onB);
  expect(times).toEqual(timesOnB);
  return { rows, conflicts, counted: counts.reduce((a, b) => a + b, 0) };
}

const updateBoth = (site: Site) => site.update("k", { v: site.name });

describe("a column that both sites changed", () => {
  test.each([
    ["last-writer", "A", "k v=B", "B"],
    ["last-writer", "B", "k v=A", "A"],
    ["source", "A", "k v=A", "A"],
    ["source", "B", "k v=A", "A"],
    ["target", "A", "k v=B", "B"],
    ["target", "B", "k v=B", "B"],
  ] as const)("under %s, first by %s, becomes %s", async (policy, first, row, winner) => {
    const { rows, conflicts, counted } = await afterBoth({ conflicts: { default: policy } }, first, updateBoth);
    expect(rows).toEqual([row]);
    expect(conflicts).toMatchObject([{ column: "v", policy, winner, earlier: { site: first, value: `"${first}"` } }]);
    expect(counted).toBe(1);
  });

  test("is what its merge function says, whoever was first", async () => {
    const change = (site: Site) => site.update("k", { m: site.name });
    for (const first of ["A", "B"] as const) {
      const { rows, conflicts } = await afterBoth({ conflicts: { merge: "merges.ts" } }, first, change);
      expect(rows).toEqual(["k m=A+B v=old"]);
      expect(conflicts).toMatchObject([{ column: "m", policy: "merge", winner: "both" }]);
    }
  });

  test("outlives an older deletion of the row, and not a newer one", async () => {
    const change = (site: Site) => (site.name === "A" ? site.remove("k") : site.update("k", { w: "B" }));
    expect((await afterBoth({}, "A", change)).rows).toEqual(["k w=B"]);
    expect((await afterBoth({}, "B", change)).rows).toEqual([]);
  });

  test("goes with the row where the site that deleted it has the last word", async () => {
    const change = (site: Site) => (site.name === "A" ? site.remove("k") : site.update("k", { w: "B" }));
    expect((await afterBoth({ conflicts: { default: "source" } }, "A", change)).rows).toEqual([]);
    expect((await afterBoth({ conflicts: { default: "target" } }, "B", change)).rows).toEqual(["k w=B"]);
  });

  test("is listed without values where the job hides them", async () => {
    const { conflicts } = await afterBoth({ conflicts: { values: "hide" } }, "A", updateBoth);
    expect(conflicts).toMatchObject([{ earlier: { value: "string" }, later: { value: "string" } }]);
  });
});

describe("a two-way sync", () => {
  test("takes no change for its own that an application made with a marker it had read", async () => {
    const { world } = await inStep();
    await world.b.writeBack("k", { w: "new" });
    await world.quiet(3000);
    expect(await world.a.rows()).toEqual(await world.b.rows());
    expect(await world.a.rows(false)).toEqual(["k v=old w=new"]);
    await world.close();
  });

  test("writes nothing more for a change than the other row", async () => {
    const { world } = await inStep();
    await world.quiet(3000);
    const before = world.writes;
    await world.a.update("k", { v: "new" });
    await world.quiet(3000);
    expect(world.writes - before).toBe(1);
    await world.a.remove("k");
    await world.quiet(3000);
    expect(world.writes - before).toBe(3);
    expect(await world.b.rows()).toEqual([]);
    await world.close();
  });

  test("carries renamed columns both ways", async () => {
    const { world } = await inStep({}, { mapping: { columns: { wert: "v" } } });
    expect(await world.b.rows(false)).toEqual(["k wert=old"]);
    await world.b.update("k", { wert: "neu", rest: "x" });
    await world.quiet(3000);
    expect(await world.a.rows(false)).toEqual(["k rest=x v=neu"]);
    await world.close();
  });

  test("carries rows that only the target has to the source, where both sites had rows before", async () => {
    const world = await TwoSites.open(6, { a: 0, b: 0 });
    await world.a.put("k", { v: "a" });
    await world.clock.advance(10);
    await world.b.put("k", { v: "b" });
    await world.b.put("only b", { v: "b" });
    await world.start(world.spec({ onTargetNotEmpty: "merge" }));
    await world.streaming();
    await world.quiet(3000);
    expect(await world.a.rows()).toEqual(await world.b.rows());
    expect(await world.a.rows(false)).toEqual(["k v=b", "only b v=b"]);
    await world.close();
  });

  test("stops and goes on with both directions", async () => {
    const { world, spec } = await inStep();
    const { stop, over } = world.workers[0]!;
    stop.abort(new Error("stopped"));
    await world.until(() => world.workers[0]!.isOver);
    expect(await over).toMatchObject({ outcome: "stopped" });
    await world.a.update("k", { v: "by a" });
    await world.b.update("k", { w: "by b" });
    world.workers.splice(0);
    await world.start(spec);
    await world.streaming();
    await world.quiet(8000);
    expect(await world.a.rows(false)).toEqual(["k v=by a w=by b"]);
    expect(await world.b.rows(false)).toEqual(["k v=by a w=by b"]);
    await world.close();
  });
});

describe("a two-way sync is refused", () => {
  async function refusal(prepare: (world: TwoSites) => Promise<unknown>, more: object = {}): Promise<unknown> {
    const world = await TwoSites.open(7, { a: 0, b: 0 });
    await prepare(world);
    const worker = await world.start(world.spec(more));
    await world.until(() => worker.isOver);
    const error = await worker.over;
    await world.close();
    return error;
  }

  test("where a stream is on that keeps no old marker", async () => {
    const error = await refusal((world) =>
      world.b.app.call("UpdateTable", { tableName: "t", stream: { enabled: true, expirationHours: 24, originColumns: [] } }),
    );
    expect(hasCode(error, "TF_TWO_WAY")).toBe(true);
    expect(String(error)).toContain("without tableferry_origin among its origin columns");
  });

  test("where a table keeps several versions", async () => {
    const error = await refusal((world) => world.a.app.call("UpdateTable", { tableName: "t", options: { maxVersions: 3 } }));
    expect(hasCode(error, "TF_TWO_WAY")).toBe(true);
  });

  test("where the mapping cannot be undone", async () => {
    const error = await refusal(() => Promise.resolve(), { mapping: { columns: { n: { from: "v", as: "integer" } } } });
    expect(hasCode(error, "TF_TWO_WAY")).toBe(true);
  });

  test("where the target holds rows and nothing is said of them", async () => {
    const error = await refusal((world) => world.b.put("k", { v: "b" }));
    expect(hasCode(error, "TF_TARGET_NOT_EMPTY")).toBe(true);
  });
});
