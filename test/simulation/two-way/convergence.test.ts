import { describe, expect, test } from "vitest";
import { seededChance } from "../../../src/base/chance.ts";
import { Oracle } from "./oracle.ts";
import { RandomWriter } from "./random-writer.ts";
import { TwoSites } from "./two-sites.ts";

/**
 * Two applications that write the same rows at once, workers that are killed, slow requests, clocks that differ: at rest both tables hold the
 * same rows, with the same timestamps, and the engine has fallen silent (R4). Scenarios of different rows share a world, which costs more
 * than they do.
 */
const scenarios = 4;
const changes = 24;
/** Writes of the engine after the last one of an application: what was on its way, and what follows from it. */
const writesAfterMax = 150;

interface Shape {
  readonly columns: readonly string[];
  /** Milliseconds by which a site's clock may be off. */
  readonly skewMs: number;
  /** Applications write before the sync has begun, and while it does. */
  readonly early: boolean;
  readonly conflicts?: object;
  /** Requests are lost, late and carried out twice, and workers are cut off for a while. */
  readonly stormy?: boolean;
}

interface Outcome {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly writesAfter: number;
  /** Rows by the later write, where that is what decides. */
  readonly expected: readonly string[];
  readonly values: readonly string[];
}

async function simulate(seed: number, { columns, skewMs, early, conflicts = {}, stormy = false }: Shape): Promise<Outcome> {
  const chance = seededChance(seed);
  const skew = () => Math.round((chance.next() * 2 - 1) * skewMs);
  const world = await TwoSites.open(seed, { a: skew(), b: skew() });
  const oracle = new Oracle();
  const spec = world.spec({ onTargetNotEmpty: "merge", twoWay: { site: "A", otherSite: "B", conflicts } });
  const writers = Array.from({ length: scenarios }, (_, at) => {
    const keys = [0, 1, 2].map((i) => `s${at}k${i}`);
    return new RandomWriter(seededChance(seed * scenarios + at), keys, columns, oracle);
  });
  const write = async () => {
    for (const writer of writers) {
      await writer.change(chance.next() < 0.5 ? world.a : world.b);
      await world.clock.advance(1);
    }
  };
  for (let i = 0; early && i < 4; i++) await write();
  await world.start(spec);
  if (chance.next() < 0.4) await world.start(spec);
  if (early) await world.pass(chance.next() * 5000, 100);
  else await world.streaming();
  world.latencyMs = 5 + chance.next() * 150;
  if (stormy) world.restarts = spec;
  if (stormy) world.weather = { lost: chance.next() * 0.03, late: chance.next() * 0.03, twice: chance.next() * 0.05 };
  for (let i = 0; i < changes; i++) {
    await write();
    if (chance.next() < 0.7) await world.pass(Math.ceil(chance.next() * (chance.next() < 0.3 ? 1200 : 60)), 50);
    if (chance.next() < 0.05) {
      world.workers.find(({ cut }) => !cut)?.kill();
      await world.start(spec);
    }
    if (stormy && chance.next() < 0.1) cutOff(world, chance.next() * 9000);
  }
  world.weather = {};
  for (const worker of world.workers) worker.away = false;
  const before = world.writes;
  await world.streaming();
  // Longer than the channels of a killed worker are kept for it, and than a read waits for an answer that was lost.
  await world.quiet(stormy ? 45_000 : 12_000);
  const writesAfter = world.writes - before;
  const [a, b, bare] = [await world.a.rows(), await world.b.rows(), await world.a.rows(false)];
  await world.close();
  return { a, b, writesAfter, expected: oracle.rows, values: bare.filter((row) => row.includes("=")) };
}

/** A worker reaches nobody for a time, in which others may take over, and then goes on. */
function cutOff(world: TwoSites, ms: number): void {
  const worker = world.workers.find(({ cut, away }) => !cut && !away);
  if (worker === undefined) return;
  worker.away = true;
  world.clock.after(ms, () => (worker.away = false));
}

function seeds(first: number, worlds: number): number[] {
  return Array.from({ length: worlds }, (_, i) => first + i);
}

describe("two sites that are written at once", () => {
  test("come to what the later write of each column says, also over crashes of workers", async () => {
    for (const seed of seeds(1, 30)) {
      const { a, b, writesAfter, expected, values } = await simulate(seed, { columns: ["a", "b", "c"], skewMs: 0, early: false });
      expect({ seed, rows: a }).toEqual({ seed, rows: b });
      expect({ seed, values }).toEqual({ seed, values: expected });
      expect(writesAfter).toBeLessThan(writesAfterMax);
    }
  });

  test("come to the same rows whatever their clocks say, and although they were written before the sync began", async () => {
    for (const seed of seeds(100, 15)) {
      const { a, b, writesAfter } = await simulate(seed, { columns: ["a", "b", "c"], skewMs: 4000, early: true });
      expect({ seed, rows: a }).toEqual({ seed, rows: b });
      expect(writesAfter).toBeLessThan(writesAfterMax);
    }
  });

  test("come to the same rows although requests are lost, come late or twice, and workers are cut off for a while", async () => {
    for (const seed of seeds(300, 15)) {
      const { a, b, writesAfter } = await simulate(seed, { columns: ["a", "b", "c"], skewMs: 1000, early: seed % 2 === 0, stormy: true });
      expect({ seed, rows: a }).toEqual({ seed, rows: b });
      expect(writesAfter).toBeLessThan(writesAfterMax);
    }
  });

  test("come to the same rows under every policy", async () => {
    const conflicts = { columns: { s: "source", t: "target" }, merge: "merges.ts" };
    for (const seed of seeds(200, 15)) {
      const { a, b, writesAfter } = await simulate(seed, {
        columns: ["s", "t", "m", "l"],
        skewMs: 2000,
        early: false,
        conflicts,
        stormy: seed % 3 === 0,
      });
      expect({ seed, rows: a }).toEqual({ seed, rows: b });
      expect(writesAfter).toBeLessThan(writesAfterMax);
    }
  });
});
