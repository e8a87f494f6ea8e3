import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { barLine } from "../../../src/cli/render/progress-bar.ts";
import { progressJson } from "../../../src/cli/render/progress-json.ts";
import { progressLines } from "../../../src/cli/render/progress-lines.ts";
import { progressLine, shareDone } from "../../../src/cli/render/progress-text.ts";
import type { Progress } from "../../../src/job/progress.ts";

const progress: Progress = {
  job: "zipcodes",
  phase: "copy",
  rowsRead: 25_700,
  rowsWritten: 25_500,
  bytesRead: 2_500_000,
  rejects: 0,
  splitsDone: 2,
  splits: 4,
  estimatedRows: 42_000,
  rowsPerSecond: 48_120,
  etaSeconds: 0.34,
  seconds: 0.6,
};

describe("progress in words", () => {
  test("says percent, rows, speed and time to come", () => {
    expect(progressLine(progress)).toBe("zipcodes: copying, 61 %, 25,700 of ~42,000 rows, 48,120 rows/s, ETA 0.3 s");
  });

  test("says rejects when there are any", () => {
    expect(progressLine({ ...progress, rejects: 1 })).toMatch(/, 1 reject$/);
  });

  test("claims no percentage without an estimate", () => {
    expect(progressLine({ ...progress, estimatedRows: undefined, etaSeconds: undefined })).toBe(
      "zipcodes: copying, 25,700 rows, 48,120 rows/s",
    );
  });

  test("is never all done before it is done, even where the estimate was too low", () => {
    expect(shareDone({ ...progress, rowsRead: 99_000 })).toBe(0.99);
    expect(shareDone({ ...progress, phase: "done" })).toBe(1);
  });
});

describe("progress at a terminal", () => {
  test.each([40, 60, 80, 100])("fits into %i columns", (width) => {
    expect(barLine(progress, width).length).toBeLessThan(width);
    expect(barLine({ ...progress, job: "a".repeat(120) }, width).length).toBeLessThan(width);
  });

  test("has a bar as full as the job", () => {
    const bar = barLine(progress, 100);
    const [full, empty] = [bar.split("█").length - 1, bar.split("░").length - 1];
    expect(full / (full + empty)).toBeCloseTo(0.61, 1);
  });
});

describe("progress in a log", () => {
  const shown = (clock: VirtualClock) => {
    const lines: string[] = [];
    return { lines, view: progressLines((line) => lines.push(line), clock) };
  };

  test("is a line when a phase begins, then ever more seldom up to every 30 s", async () => {
    const clock = new VirtualClock();
    const { lines, view } = shown(clock);
    const seconds: number[] = [];
    for (let second = 0; second <= 100; second++) {
      const before = lines.length;
      view.show(progress);
      if (lines.length > before) seconds.push(second);
      await clock.advance(1000);
    }
    expect(seconds).toEqual([0, 2, 6, 14, 30, 60, 90]);
  });

  test("begins anew with a new phase", () => {
    const clock = new VirtualClock();
    const { lines, view } = shown(clock);
    view.show(progress);
    view.show({ ...progress, phase: "verify" });
    view.show({ ...progress, phase: "verify" });
    expect(lines).toHaveLength(2);
  });
});

test("progress for machines is a JSON line each", () => {
  const lines: string[] = [];
  progressJson((line) => lines.push(line)).show(progress);
  expect(JSON.parse(lines[0]!)).toEqual({ type: "progress", ...progress });
});
