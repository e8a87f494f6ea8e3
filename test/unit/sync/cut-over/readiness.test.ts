import { describe, expect, test } from "vitest";
import { cutOverSpec } from "../../../../src/job/sync-spec.ts";
import { noCounts } from "../../../../src/sync/channel-progress.ts";
import { readiness, type ReadinessInput } from "../../../../src/sync/cut-over/readiness.ts";
import type { SyncStatus } from "../../../../src/sync/sync-status.ts";
import type { RollingReport, RoundReport } from "../../../../src/verify/rolling/report.ts";

const now = 1_000_000;
const worker = { condition: "alive" } as SyncStatus["workers"][number];
const status: SyncStatus = {
  ...{ job: "orders", phase: "in step", record: undefined, control: { paused: false, draining: false }, workers: [worker], channels: [] },
  ...{ unheld: [], counts: noCounts, changesPerSecond: 0, lagMs: 200, unread: 0, copyPassed: true, parked: 0 },
};
const round = { differing: 0, unsettled: 0 } as RoundReport;
const verification: RollingReport = { job: "orders", verifiedSince: now - 5000, current: null, last: round, days: [] };
const input: ReadinessInput = {
  ...{ status, verification, cutOver: cutOverSpec.parse({}), rejectsAllowed: 0, lagMs: 5000, canary: [], verifies: true, now },
};
const missing = (more: Partial<ReadinessInput>) => readiness({ ...input, ...more }).filter(({ ready }) => !ready);
const found = (more: Partial<RoundReport>) => ({ verification: { ...verification, last: { ...round, ...more } } });

describe("what a cut-over asks for (R12)", () => {
  test("is in order where all of it is", () => {
    expect(missing({})).toEqual([]);
  });

  test.each<[string, Partial<ReadinessInput>, string, boolean]>([
    ["no worker", { status: { ...status, workers: [] } }, "workers", true],
    ["a channel that nobody holds", { status: { ...status, unheld: ["c1"] } }, "workers", true],
    ["a pause", { status: { ...status, control: { paused: true, draining: false } } }, "workers", false],
    ["a copy whose end is not passed", { status: { ...status, copyPassed: false } }, "copy", true],
    ["a lag that is too great", { status: { ...status, lagMs: 5001 } }, "lag", true],
    ["a lag that is not known", { status: { ...status, lagMs: null } }, "lag", true],
    ["a parked key", { status: { ...status, parked: 1 } }, "rejects", false],
    ["no verification yet", { verification: { ...verification, verifiedSince: null } }, "verification", true],
    ["none, and nobody verifies", { verification: { ...verification, verifiedSince: null }, verifies: false }, "verification", false],
    [
      "one that is too old",
      { verification: { ...verification, verifiedSince: 0 }, cutOver: cutOverSpec.parse({ maxVerificationAgeSeconds: 9 }) },
      "verification",
      true,
    ],
    ["rows that differ", found({ differing: 1 }), "verification", false],
    [
      "restless rows that nobody will look at again",
      { ...found({ unsettled: 1 }), cutOver: cutOverSpec.parse({ finalVerification: "none" }) },
      "verification",
      true,
    ],
    ["a way back that cannot be gone", { canary: ["the stream of orders: it is not switched on"] }, "way back", false],
  ])("names %s, and whether waiting helps", (_what, more, what, passes) => {
    expect(missing(more)).toEqual([expect.objectContaining({ what, passes })]);
  });

  test("rows that are written too often to rest are no reason: the final verification sees them at rest", () => {
    expect(missing(found({ unsettled: 3 }))).toEqual([]);
  });
});
