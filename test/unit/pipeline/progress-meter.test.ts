import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import type { Progress } from "../../../src/job/progress.ts";
import { ProgressMeter } from "../../../src/pipeline/progress-meter.ts";

function setUp() {
  const clock = new VirtualClock(0);
  const told: Progress[] = [];
  return { clock, told, meter: new ProgressMeter("job", clock, (progress) => told.push(progress)) };
}

describe("progress", () => {
  test("is told when a phase begins and four times a second while something changes", async () => {
    const { clock, told, meter } = setUp();
    meter.enter("copy");
    for (let i = 0; i < 20; i++) {
      meter.counters.rowsRead += 10;
      await clock.advance(100);
    }
    expect(told).toHaveLength(1 + 8);
    await clock.advance(20_000);
    const idle = told.length;
    await clock.advance(60_000);
    expect(told).toHaveLength(idle);
    meter.stop();
  });

  test("has the rate of the last seconds, and the time that is left at it", async () => {
    const { clock, told, meter } = setUp();
    meter.estimatedRows = 10_000;
    meter.enter("copy");
    for (let i = 0; i < 100; i++) {
      meter.counters.rowsRead += i < 50 ? 10 : 20;
      await clock.advance(100);
    }
    const last = told.at(-1)!;
    expect(last.rowsPerSecond).toBeGreaterThan(190);
    expect(last.rowsPerSecond).toBeLessThan(210);
    expect(last.etaSeconds).toBeCloseTo((10_000 - last.rowsRead) / last.rowsPerSecond, 5);
    expect(last).toMatchObject({ job: "job", phase: "copy", estimatedRows: 10_000 });
    meter.stop();
  });

  test("what an earlier run has done is progress, not speed", async () => {
    const { clock, told, meter } = setUp();
    meter.resume({ rowsRead: 1_000_000, rowsWritten: 999_000, bytesRead: 5, rejects: 1, splitsDone: 3 });
    meter.enter("copy");
    meter.counters.rowsRead += 100;
    await clock.advance(1000);
    expect(told.at(-1)).toMatchObject({ rowsRead: 1_000_100, rejects: 1, splitsDone: 3 });
    expect(told.at(-1)!.rowsPerSecond).toBeLessThanOrEqual(400);
    meter.stop();
  });

  test("stopped, it tells nothing and keeps no timer", async () => {
    const { clock, told, meter } = setUp();
    meter.enter("verify");
    meter.stop();
    meter.counters.rowsRead = 5;
    await clock.advance(5000);
    expect(told).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });
});
