import { describe, expect, test } from "vitest";
import { seededChance } from "../../../../src/base/chance.ts";
import { TableferryError } from "../../../../src/base/error.ts";
import { Throttle } from "../../../../src/pipeline/throttle.ts";
import { stateKeys } from "../../../../src/pipeline/state-keys.ts";
import type { Difference } from "../../../../src/job/result.ts";
import { rollingReport } from "../../../../src/verify/rolling/report.ts";
import { runRolling } from "../../../../src/verify/rolling/rolling.ts";
import type { RollingInput } from "../../../../src/verify/rolling/rolling-input.ts";
import { mapping } from "../support/compare.ts";
import { idOf, LiveSync, type LiveSyncOptions } from "./support/live-sync.ts";

const ROWS = 100;
const stretches = { rows: 12, suspects: 5, ms: 400 };
const day = 86_400;
const derived = mapping({ key: { id: { inputs: ["id"], derive: (id: never) => (id as bigint) * 10n } }, injective: true });

function still(options: LiveSyncOptions = {}): LiveSync {
  const sync = new LiveSync(options);
  sync.fill(ROWS, (id) => ({ size: BigInt(id) }));
  return sync;
}

function harm(sync: LiveSync, ...ids: readonly number[]): void {
  for (const id of ids) sync.target.write({ type: "put", key: idOf(id), cells: [{ name: "size", value: 0.5 }] });
}

const context = (sync: LiveSync, signal: AbortSignal): RollingInput["context"] => ({ ...sync.input().context, signal });

/** Kills the verifier at a point of its way, again and again, until it comes to its end. */
async function killed(sync: LiveSync, given: Partial<RollingInput> = {}) {
  let kills = 0;
  for (let left = 2; ; left += 3) {
    let passed = 0;
    const fault = () => {
      if (++passed === left) throw new Error("killed");
    };
    const run = sync.drive(runRolling(sync.input({ token: `verifier ${kills}`, fault, ...given }), stretches));
    const report = await run.catch((error: unknown) =>
      error instanceof Error && error.message === "killed" ? undefined : Promise.reject(error),
    );
    if (report !== undefined) return { report, kills };
    kills++;
  }
}

describe("a round that is killed", () => {
  test("goes on behind the last stretch that was written down, and counts every row once", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const sync = still({ seed, pageRows: 1 + (seed % 9) });
      harm(sync, 3, 50, 51, 99);
      const { report, kills } = await killed(sync);
      expect(kills).toBeGreaterThan(0);
      expect(report).toMatchObject({ rowsCompared: ROWS, suspected: 4, settled: 0, differing: 4, resumed: true });
      expect(report.differences.map(({ key }) => key)).toEqual(["id=3", "id=50", "id=51", "id=99"]);
      const { days } = await rollingReport(sync.state, "orders");
      expect(days).toMatchObject([{ rowsCompared: ROWS, suspected: 4, differing: 4, ranges: report.ranges, rounds: 1 }]);
    }
  });

  test("by digests is gone on with too", async () => {
    const sync = still({ mapping: derived });
    harm(sync, 30);
    const { report, kills } = await killed(sync);
    expect(kills).toBeGreaterThan(0);
    expect(report).toMatchObject({ way: "digests", rowsCompared: ROWS, differing: 1, differences: [{ key: "id=30" }] });
    expect([...sync.state.entries.keys()]).toEqual([stateKeys.verification("orders")]);
  });

  test("stopped by its signal ends with TF_STOPPED, and loses no more than the stretch under way", async () => {
    const sync = still();
    const stop = new AbortController();
    const run = sync.drive(runRolling(sync.input({ context: context(sync, stop.signal) }), stretches));
    sync.clock.after(150, () => stop.abort(new Error("Ctrl-C")));
    await expect(run).rejects.toMatchObject({ code: "TF_STOPPED" });
    const { current } = await rollingReport(sync.state, "orders");
    expect(current!.rowsCompared).toBeGreaterThan(0);
    const before = sync.source.read;
    await sync.drive(runRolling(sync.input(), stretches));
    expect(sync.source.read - before).toBeLessThan(ROWS - current!.rowsCompared + ROWS / 2);
  });

  test("is not gone on with where a side was made anew, or is mapped otherwise; what days were told stays", async () => {
    const sync = still();
    const stop = new AbortController();
    const fault = () => sync.source.read > 40 && stop.abort(new Error("enough"));
    const input = sync.input({ context: context(sync, stop.signal), fault: () => void fault() });
    await sync.drive(runRolling(input, stretches)).catch(() => undefined);
    const { rowsCompared } = (await rollingReport(sync.state, "orders")).days[0]!;
    const other = mapping({ columns: { size: { from: "size", default: 1n } } });
    const report = await sync.drive(runRolling(sync.input({ mapping: other }), stretches));
    expect(report).toMatchObject({ resumed: false, round: 1, rowsCompared: ROWS });
    expect((await rollingReport(sync.state, "orders")).days).toMatchObject([{ rowsCompared: rowsCompared + ROWS }]);
  });

  test("by another verifier that took it over ends with TF_FENCED", async () => {
    const sync = still();
    const first = runRolling(sync.input({ token: "one" }), stretches);
    first.catch(() => undefined);
    await sync.pass(100);
    const second = sync.drive(runRolling(sync.input({ token: "two" }), stretches));
    await expect(first).rejects.toMatchObject({ code: "TF_FENCED" });
    expect(await second).toMatchObject({ rowsCompared: ROWS, resumed: true });
  });

  test("is begun anew by a verifier that wants all rows compared after a moment, as a cut-over does (R12)", async () => {
    const sync = still();
    const first = runRolling(sync.input({ token: "one" }), stretches);
    first.catch(() => undefined);
    await sync.pass(100);
    const notBefore = sync.input().context.clock.now();
    const second = sync.drive(runRolling(sync.input({ token: "two", notBefore }), stretches));
    await expect(first).rejects.toMatchObject({ code: "TF_FENCED" });
    const report = await second;
    expect(report).toMatchObject({ rowsCompared: ROWS, resumed: false });
    expect(report.begunAt).toBeGreaterThanOrEqual(notBefore);
  });

  test("passes an error of its signal on as it is", async () => {
    const sync = still();
    const stop = new AbortController();
    const run = sync.drive(runRolling(sync.input({ context: context(sync, stop.signal) }), stretches));
    sync.clock.after(100, () => stop.abort(new TableferryError("TF_FENCED", { message: "another worker has the job" })));
    await expect(run).rejects.toMatchObject({ code: "TF_FENCED" });
  });
});

describe("the rate of reading", () => {
  test("never exceeds the throttle, scans and look-ups together, and is retuned meanwhile", async () => {
    const sync = still({ latencyMs: 0, pageRows: 10 });
    harm(sync, ...Array.from({ length: 40 }, (_, i) => i));
    const throttle = new Throttle(sync.clock, { rowsPerSecond: 50 });
    const began = sync.clock.monotonic();
    const readIn = async (ms: number) => {
      const before = sync.source.read + sync.target.read;
      await sync.pass(ms);
      return sync.source.read + sync.target.read - before;
    };
    const run = runRolling(sync.input({ throttle }), stretches);
    // What is read ahead of being paid for is a page and a group of look-ups a side.
    expect(await readIn(5000)).toBeLessThanOrEqual(5 * 50 + 2 * 20);
    throttle.retune({ rowsPerSecond: 5 });
    expect(await readIn(5000)).toBeLessThanOrEqual(5 * 5 + 2 * 20);
    throttle.retune({});
    await sync.drive(run);
    expect(sync.clock.monotonic() - began).toBeLessThan(12_000);
  });

  test("spreads a round over the declared time, resting between stretches", async () => {
    const sync = still({ latencyMs: 2 });
    const began = sync.clock.now();
    const report = await sync.drive(runRolling(sync.input({ everySeconds: 1000 }), stretches), 500);
    const seconds = (report.endedAt - began) / 1000;
    expect(seconds).toBeGreaterThan(700);
    expect(seconds).toBeLessThan(1000);
  });

  test("begins the next round when it is due, and not before", async () => {
    const sync = still();
    const first = await sync.drive(runRolling(sync.input({ everySeconds: day }), stretches), 5000);
    const second = await sync.drive(runRolling(sync.input({ everySeconds: day }), stretches), 5000);
    expect(second.begunAt - first.begunAt).toBeGreaterThanOrEqual(day * 1000);
    expect(second.begunAt - first.begunAt).toBeLessThan(day * 1000 + 1000);
  });
});

describe("what a rolling verification reports", () => {
  test("is nothing before it began", async () => {
    const sync = still();
    expect(await rollingReport(sync.state, "orders")).toEqual({ job: "orders", verifiedSince: null, current: null, last: null, days: [] });
  });

  test("is the age of the part that was verified longest ago, once every part was", async () => {
    const sync = still();
    const stop = new AbortController();
    const began = sync.clock.now();
    const rounds = (signal: AbortSignal) => runRolling(sync.input({ everySeconds: 1000, context: context(sync, signal) }), stretches);
    const first = rounds(stop.signal);
    first.catch(() => undefined);
    await sync.pass(500_000, 1000);
    expect(await rollingReport(sync.state, "orders")).toMatchObject({ verifiedSince: null, current: { round: 1 }, last: null });
    await sync.drive(first, 1000);
    const whole = await rollingReport(sync.state, "orders");
    expect(whole).toMatchObject({ verifiedSince: began, current: null, last: { round: 1 } });
    // In the middle of the second round, the second half of the first is what is oldest.
    const second = rounds(stop.signal);
    second.catch(() => undefined);
    await sync.pass(500_000, 1000);
    const half = await rollingReport(sync.state, "orders");
    expect(half.current!.through).toMatch(/^id=\d+$/);
    expect(half.verifiedSince! - began).toBeGreaterThan(300_000);
    expect(half.verifiedSince! - began).toBeLessThan(700_000);
    await sync.drive(second, 1000);
  });

  test("keeps thirty days, each with what was compared in it, in one small entry", async () => {
    const sync = still({ latencyMs: 1 });
    for (let round = 0; round < 40; round++) {
      await sync.drive(runRolling(sync.input({ everySeconds: day }), { ...stretches, rows: 60 }), 60_000);
    }
    const { days, last } = await rollingReport(sync.state, "orders");
    expect(days).toHaveLength(30);
    expect(days.at(-1)!.day).toBe(new Date(last!.endedAt).toISOString().slice(0, 10));
    expect(new Set(days.map((one) => one.day)).size).toBe(30);
    expect(days.slice(1, -1).reduce((sum, { rowsCompared }) => sum + rowsCompared, 0)).toBe(28 * ROWS);
    expect(sync.state.entries.get(stateKeys.verification("orders"))!.value.length).toBeLessThan(20_000);
  });

  test("hands over every difference, also those beyond the ones it keeps", async () => {
    const sync = new LiveSync();
    sync.fill(300, () => ({ size: 1n }));
    harm(sync, ...Array.from({ length: 250 }, (_, i) => i));
    const all: Difference[] = [];
    const onDifferences = async (some: readonly Difference[]) => void all.push(...some);
    const report = await sync.drive(runRolling(sync.input({ onDifferences })));
    expect([report.differing, report.differences.length, all.length]).toEqual([250, 100, 250]);
  });

  test("counts rows under a parked reject apart, until they are replayed", async () => {
    for (const through of [undefined, derived]) {
      const sync = still({ ...(through === undefined ? {} : { mapping: through }) });
      for (const id of [5, 6, 7]) sync.park(id);
      sync.put(5, { size: 77n });
      sync.delete(6);
      sync.drain();
      const report = await sync.drive(runRolling(sync.input(), stretches));
      expect(report).toMatchObject({ suspected: 2, explained: 2, differing: 0 });
      for (const id of [5, 7]) sync.replay(id);
      sync.parked.clear();
      const after = await sync.drive(runRolling(sync.input(), stretches));
      expect(after).toMatchObject({
        explained: 0,
        differing: 1,
        differences: [{ kind: "extra", key: through === undefined ? "id=6" : "id=60" }],
      });
    }
  });
});

describe("under `versions: keep`", () => {
  const cell = (value: bigint, timestamp: number) => [{ name: "size", value, timestamp }];

  test("cells that are about to expire are left out at the time of their reading, not of the round's beginning", async () => {
    const sync = still({ versions: "keep", timeToLiveSeconds: day });
    const now = sync.clock.now();
    const early = now - day * 1000;
    // Ten minutes before expiry they are not compared any more: the first at once, the second when its stretch comes.
    sync.target.write({ type: "put", key: idOf(1), cells: cell(7n, early + 300_000) });
    sync.source.write({ type: "put", key: idOf(1), cells: [] });
    sync.target.write({ type: "put", key: idOf(90), cells: cell(7n, early + 1_000_000) });
    sync.source.write({ type: "put", key: idOf(90), cells: [] });
    sync.target.write({ type: "put", key: idOf(95), cells: cell(7n, early + 9_000_000) });
    sync.source.write({ type: "put", key: idOf(95), cells: [] });
    const report = await sync.drive(runRolling(sync.input({ scope: { versions: "keep" }, everySeconds: 2000 }), stretches), 1000);
    expect(report.differences.map(({ key }) => key)).toEqual(["id=95"]);
  });

  test("versions that came to light when newer ones were deleted are no loss, and are told as what they are", async () => {
    const sync = still({ versions: "keep", maxVersions: 3 });
    const now = sync.clock.now();
    sync.target.write({ type: "update", key: idOf(4), cells: [{ op: "put", name: "size", value: 1n, timestamp: now - 5000 }] });
    const report = await sync.drive(runRolling(sync.input({ scope: { versions: "keep" } }), stretches));
    expect(report.differences).toMatchObject([{ kind: "hidden-version", key: "id=4" }]);
  });
});

test("chance decides nothing of what is found", async () => {
  const reports = await Promise.all(
    [1, 2, 3].map((seed) => {
      const sync = still({ seed });
      harm(sync, 9);
      const input = sync.input();
      return sync.drive(runRolling({ ...input, context: { ...input.context, chance: seededChance(seed) } }, stretches));
    }),
  );
  expect(reports.map(({ differences }) => differences)).toEqual([1, 2, 3].map(() => reports[0]!.differences));
});
