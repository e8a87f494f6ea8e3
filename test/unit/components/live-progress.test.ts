import { describe, expect, test } from "vitest";
import { byteText, duration, liveProgress, progressLine } from "../../../components/provider/live-progress.ts";
import type { Progress } from "../../../src/index.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { testSubject } from "./subject.ts";

const progress: Progress = {
  job: "move",
  phase: "copy",
  rowsRead: 13_000,
  rowsWritten: 12_345,
  bytesRead: 600_000,
  rejects: 0,
  splitsDone: 1,
  splits: 4,
  estimatedRows: 42_049,
  rowsPerSecond: 35_123.4,
  etaSeconds: 0.8,
  seconds: 0.4,
};

describe("a line of progress", () => {
  test("says rows, share, rate and what is left", () => {
    expect(progressLine(progress)).toBe("copied 12,345 of about 42,049 rows (29 %), 35,123 rows/s, about 1 s left");
  });

  test("never claims more than all of an estimate that was too low", () => {
    expect(progressLine({ ...progress, rowsWritten: 50_000, etaSeconds: undefined })).toContain("(100 %)");
  });

  test("counts what was read while verifying, and rejects", () => {
    expect(progressLine({ ...progress, phase: "verify", rejects: 3, estimatedRows: undefined, etaSeconds: undefined })).toBe(
      "verified 13,000 rows, 35,123 rows/s, 3 rejected",
    );
  });

  test.each([
    [0.2, "1 s"],
    [59.4, "59 s"],
    [90, "2 min"],
    [5400, "1.5 h"],
  ])("%d seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));

  test.each([
    [999, "999 B"],
    [2_018_388, "2.0 MB"],
    [123_456, "123 kB"],
  ])("%d bytes are %s", (amount, text) => expect(byteText(amount)).toBe(text));
});

describe("live progress", () => {
  const run = async (terminal: boolean, seconds: number) => {
    const [clock, subject] = [new VirtualClock(), testSubject("/", { terminal })];
    const live = liveProgress(subject, clock);
    for (let second = 0; second < seconds; second++) {
      live.report({ ...progress, rowsWritten: second });
      await clock.advance(1_000);
    }
    live.stop();
    return { lines: subject.lines, waiting: clock.waiting };
  };

  test("comes each second on a terminal", async () => {
    const { lines, waiting } = await run(true, 10);
    expect(lines).toHaveLength(10);
    expect(waiting).toBe(0);
  });

  test("comes ever more seldom where every line stays, down to each 30 seconds", async () => {
    expect((await run(false, 120)).lines).toHaveLength(7);
  });

  test("is silent while nothing changes", async () => {
    const [clock, subject] = [new VirtualClock(), testSubject("/")];
    const live = liveProgress(subject, clock);
    live.report(progress);
    await clock.advance(10_000);
    expect(subject.lines).toHaveLength(1);
  });
});
