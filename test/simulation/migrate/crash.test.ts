import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { derive, text, type MappingDefinition } from "../../../src/job/mapping.ts";
import type { MigrationResult } from "../../../src/job/result.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import { SimulatedMigration } from "../../unit/support/simulated-migration.ts";
import { flowRow, SimulatedTable } from "../../unit/support/simulated-tables.ts";
import type { Fate, Moment } from "../../unit/support/simulated-world.ts";

/**
 * Killed, paused or cut off at any request, a migration that is simply run again comes to the same target, with every reject
 * kept once and every number right (R2, R6, R8, R9).
 */
const idText: readonly KeySchema[] = [{ name: "id", type: "string" }];
const idNumber: readonly KeySchema[] = [{ name: "id", type: "integer" }];

const mapping: MappingDefinition = {
  key: { id: text("id") },
  columns: {
    twice: derive<[bigint]>(["n"], (n) => {
      if (n % 7n === 3n) throw new Error("a three");
      return n * 2n;
    }),
  },
  keep: { inputs: ["n"], when: (n: bigint) => n % 5n !== 1n },
};

interface Shape {
  readonly seed: number;
  readonly rows: number;
  readonly splits: number;
  readonly pageRows: number;
  readonly parcelRows: number;
  readonly workers: number;
  readonly writesInFlight: number;
  /** How often an answer of any request is lost. */
  readonly losses: number;
}

const anyShape: fc.Arbitrary<Shape> = fc.record({
  seed: fc.nat(1_000_000),
  rows: fc.nat(45),
  splits: fc.integer({ min: 1, max: 5 }),
  pageRows: fc.integer({ min: 1, max: 8 }),
  parcelRows: fc.integer({ min: 1, max: 4 }),
  workers: fc.integer({ min: 1, max: 4 }),
  writesInFlight: fc.integer({ min: 1, max: 5 }),
  losses: fc.constantFrom(0, 0, 0.1),
});

function migrationOf(shape: Shape): SimulatedMigration {
  const rows = Array.from({ length: shape.rows }, (_, i) => flowRow({ id: BigInt(i) }, { n: BigInt(i), rest: `r${i}` }));
  const source = new SimulatedTable({ title: "source", key: idNumber, splits: shape.splits, pageRows: shape.pageRows }, rows);
  const target = new SimulatedTable({ title: "target", key: idText, exists: false, parcelRows: shape.parcelRows });
  for (const line of [5, 13]) source.unreadable.add(line);
  for (const key of ["8", "22"]) target.poison.add(key);
  target.busy.set("9", 3);
  const job = new SimulatedMigration(shape.seed, source, target, mapping, {
    rejects: { allowed: 99 },
    limits: { workers: shape.workers, writesInFlight: shape.writesInFlight },
    leaseSeconds: 10,
  });
  const { world } = job;
  world.disturb = (name) =>
    !name.startsWith("read") && world.chance.next() < shape.losses
      ? (["before", "after", "late"] as const)[Math.floor(world.chance.next() * 3)]
      : undefined;
  return job;
}

async function expectRight(job: SimulatedMigration, result: MigrationResult): Promise<void> {
  const { expected } = job;
  expect(job.target.texts).toEqual(expected.rows);
  expect((await job.rejects()).map(({ place }) => place).sort()).toEqual(expected.rejected);
  expect(result).toMatchObject({
    rowsRead: job.source.rows.length,
    rowsWritten: expected.rows.length,
    filteredRows: expected.filtered,
    rejects: expected.rejected.length,
  });
  expect(job.target.settings).toBe("own");
}

/** Rows that the last process wrote although an earlier one had. */
function rewrittenBy(job: SimulatedMigration, process: string): number {
  const earlier = new Set(job.target.written.filter((one) => one.process !== process).map(({ key }) => key));
  return new Set(job.target.written.filter((one) => one.process === process && earlier.has(one.key)).map(({ key }) => key)).size;
}

describe("killed at any request and run again", () => {
  const anyKill = fc.record({
    at: fc.integer({ min: 1, max: 150 }),
    what: fc.constant("kill" as const),
    moment: fc.constantFrom<Moment>("before", "after", "late"),
  });

  test("the target is the same, no reject is lost or doubled, and few rows are written twice", async () => {
    let killed = 0;
    await fc.assert(
      fc.asyncProperty(anyShape, fc.array(anyKill, { minLength: 1, maxLength: 4 }), async (shape, kills) => {
        const job = migrationOf(shape);
        for (const kill of kills) if ((await job.run([kill])) === "killed") killed++;
        const { process, result } = job.start();
        const done = await job.world.drive(result);
        await job.world.clock.advance(10_000);
        await expectRight(job, done);
        expect(rewrittenBy(job, process.name)).toBeLessThanOrEqual(done.rewrittenAtMost);
        expect(done.rewrittenAtMost).toBeLessThanOrEqual(shape.workers * shape.pageRows * kills.length);
      }),
      { numRuns: Number(process.env.SIMULATION_RUNS ?? 250) },
    );
    expect(killed).toBeGreaterThan(150);
  }, 600_000);

  const points = ["read", "write prepare", "write rows", "write settle", "state set job/lease", "state set job/run", "state set"];
  test.each(points.flatMap((of) => (["before", "after", "late"] as const).map((moment) => [of, moment] as const)))(
    "at each '%s', %s",
    async (of, moment) => {
      const shape: Shape = { seed: 1, rows: 30, splits: 3, pageRows: 4, parcelRows: 2, workers: 2, writesInFlight: 3, losses: 0 };
      let kills = 0;
      for (let at = 1; ; at++) {
        const job = migrationOf(shape);
        const fate: Fate = { at, what: "kill", moment, of };
        if ((await job.run([fate])) !== "killed") break;
        kills++;
        await expectRight(job, await job.complete());
      }
      expect(kills).toBeGreaterThan(0);
    },
    60_000,
  );

  test("verified in the end, also when killed while it is verified", async () => {
    for (let at = 1; at < 400; at += 13) {
      const job = migrationOf({ seed: at, rows: 30, splits: 3, pageRows: 4, parcelRows: 2, workers: 2, writesInFlight: 3, losses: 0 });
      job.change({ rejects: { allowed: 99 }, limits: { workers: 2 }, verify: { coverage: "all", certificate: false, roundSeconds: 0 } });
      await job.run([{ at, what: "kill", moment: "after" }]);
      const done = await job.complete();
      expect(done.verification).toMatchObject({ equal: true, rejectedRows: job.expected.rejected.length });
      await expectRight(job, done);
    }
  }, 60_000);
});

describe("with writes that take effect after their answers were lost", () => {
  test("it ends behind the last of them, so that whatever comes next is not overwritten", async () => {
    let late = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const job = migrationOf({ seed, rows: 12, splits: 1, pageRows: 4, parcelRows: 4, workers: 1, writesInFlight: 2, losses: 0 });
      const { world } = job;
      world.disturb = (name) => (name.startsWith("write rows") && world.chance.next() < 0.4 ? "late" : undefined);
      await job.complete();
      const written = job.target.written.length;
      await world.clock.advance(60_000);
      expect(job.target.written).toHaveLength(written);
      late += world.sent.filter(({ name }) => name.startsWith("write rows")).length - 3;
    }
    expect(late).toBeGreaterThan(20);
  });
});

describe("stopped at any time and run again", () => {
  test("it ends within three seconds at a checkpoint, says where, and the next run goes on without waiting", async () => {
    let stopped = 0;
    await fc.assert(
      fc.asyncProperty(anyShape, fc.integer({ min: 1, max: 4000 }), async (shape, afterMs) => {
        const job = migrationOf({ ...shape, rows: 20 + shape.rows, losses: 0 });
        job.change({
          rejects: { allowed: 99 },
          limits: { workers: shape.workers, writesInFlight: shape.writesInFlight, rowsPerSecond: 10 },
        });
        const stop = new AbortController();
        const { result } = job.start([], { signal: stop.signal });
        result.catch(() => undefined);
        await job.world.clock.advance(afterMs);
        stop.abort(new Error("enough"));
        const before = job.world.clock.monotonic();
        const outcome = await job.world.drive(result.catch((error: unknown) => error));
        if (outcome instanceof Error) {
          stopped++;
          expect(outcome).toMatchObject({ code: "TF_STOPPED", sentence: expect.stringContaining("job job was stopped") });
          expect(job.world.clock.monotonic() - before).toBeLessThanOrEqual(3000);
          expect(job.target.settings).toBe("own");
        }
        const restarted = job.world.clock.monotonic();
        job.change({ rejects: { allowed: 99 }, limits: { workers: shape.workers } });
        const done = await job.complete();
        expect(job.world.clock.monotonic() - restarted).toBeLessThan(8000);
        await expectRight(job, done);
      }),
      { numRuns: Number(process.env.SIMULATION_RUNS ?? 80) },
    );
    expect(stopped).toBeGreaterThan(30);
  }, 60_000);

  test("the message counts what is acknowledged", async () => {
    const job = migrationOf({ seed: 3, rows: 40, splits: 2, pageRows: 5, parcelRows: 5, workers: 1, writesInFlight: 1, losses: 0 });
    job.change({ rejects: { allowed: 99 }, limits: { workers: 1, rowsPerSecond: 10 } });
    const stop = new AbortController();
    const { result } = job.start([], { signal: stop.signal });
    result.catch(() => undefined);
    await job.world.clock.advance(1500);
    stop.abort(new Error("enough"));
    const error = (await job.world.drive(result.catch((thrown: unknown) => thrown))) as Error & { sentence: string };
    const written = new Set(job.target.written.map(({ key }) => key)).size;
    expect(error.sentence).toMatch(/^job job was stopped at a checkpoint: \d of 2 splits done, \d+ rows read, [1-9]\d* acknowledged$/);
    expect(Number(/(\d+) acknowledged/.exec(error.sentence)![1])).toBe(written);
  });
});

describe("paused for a while", () => {
  const shape: Shape = { seed: 5, rows: 40, splits: 3, pageRows: 4, parcelRows: 2, workers: 3, writesInFlight: 4, losses: 0 };

  test("with another run in between: it sends nothing more, ends with TF_FENCED, and the target stays as the other left it", async () => {
    let paused = 0;
    for (let at = 1; at <= 80; at += 3) {
      const job = migrationOf({ ...shape, seed: at });
      const first = job.start([{ at, what: "pause", moment: "after" }]);
      first.result.catch(() => undefined);
      await job.world.clock.advance(2000);
      if (!first.process.paused) continue;
      paused++;
      const second = job.start();
      const done = await job.world.drive(second.result);
      expect(done.outcome).toBe("complete");
      // The application goes on with the target.
      for (const row of job.target.rows.slice(0, 10))
        job.target.put({ ...row, columns: [{ name: "changed", value: "by the application" }] });
      await job.world.clock.advance(10_000);
      const after = job.target.texts;
      const resumedAt = job.world.clock.monotonic();
      const hadBegun = job.world.sent.some(({ process, name }) => process === first.process.name && name.startsWith("state set job/run"));
      first.process.resume();
      const end = await job.world.drive(
        first.result.then(
          ({ outcome }) => outcome,
          (error: { code: string }) => error.code,
        ),
      );
      expect(end).toEqual(hadBegun ? "TF_FENCED" : expect.stringMatching(/TF_FENCED|nothing-to-do/));
      await job.world.clock.advance(30_000);
      expect(job.target.texts).toEqual(after);
      expect(
        job.world.sent.filter(
          ({ process, name, sentAt }) => process === first.process.name && name.startsWith("write") && sentAt >= resumedAt,
        ),
      ).toEqual([]);
    }
    expect(paused).toBeGreaterThan(15);
  }, 60_000);

  test("with nobody in between: it goes on to its end", async () => {
    for (let at = 5; at <= 75; at += 10) {
      const job = migrationOf({ ...shape, seed: at });
      const { process, result } = job.start([{ at, what: "pause", moment: "after" }]);
      result.catch(() => undefined);
      await job.world.clock.advance(60_000);
      process.resume();
      await expectRight(job, await job.world.drive(result));
    }
  }, 60_000);

  test("shorter than its lease: another run is told that it is held", async () => {
    const job = migrationOf(shape);
    job.change({ rejects: { allowed: 99 }, limits: { workers: 2, rowsPerSecond: 2 } });
    const { process, result } = job.start();
    result.catch(() => undefined);
    await job.world.clock.advance(3000);
    process.pause();
    const second = job.start();
    const refused = second.result.catch((error: unknown) => error);
    await job.world.clock.advance(5000);
    process.resume();
    expect(await job.world.drive(refused)).toMatchObject({ code: "TF_RUN_HELD" });
    await expectRight(job, await job.world.drive(result));
  });
});

describe("several at once", () => {
  test("however many runs start, one does the work and the others are told", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const job = migrationOf({
        seed,
        rows: 30,
        splits: 3,
        pageRows: 4,
        parcelRows: 2,
        workers: 2,
        writesInFlight: 3,
        losses: seed % 2 === 0 ? 0 : 0.1,
      });
      job.change({ rejects: { allowed: 99 }, limits: { workers: 2, rowsPerSecond: 3 } });
      const runs = Array.from({ length: 3 }, () =>
        job.start().result.then(
          (result) => result.outcome,
          (error: { code: string }) => error.code,
        ),
      );
      const outcomes = await job.world.drive(Promise.all(runs));
      expect(outcomes.toSorted()).toEqual(["TF_RUN_HELD", "TF_RUN_HELD", "complete"]);
      const keys = job.target.written.map(({ process }) => process);
      expect(new Set(keys).size).toBe(1);
      await expectRight(job, await job.complete());
    }
  }, 60_000);

  test("of runs that are killed one after the other while others wait, the last one ends it", async () => {
    for (let seed = 0; seed < 15; seed++) {
      const job = migrationOf({ seed, rows: 40, splits: 4, pageRows: 3, parcelRows: 2, workers: 2, writesInFlight: 3, losses: 0.05 });
      const killed = job.start([{ at: 40 + seed, what: "kill", moment: "late" }]);
      await job.world.clock.advance(1200);
      const waiting = job.start([{ at: 90 + seed, what: "kill", moment: "late" }]);
      waiting.result.catch(() => undefined);
      await job.world.drive(Promise.race([killed.result, killed.process.death]));
      await job.world.drive(Promise.race([waiting.result.catch(() => undefined), waiting.process.death]));
      await expectRight(job, await job.complete());
    }
  }, 60_000);
});
