import { describe, expect, test } from "vitest";
import { isHealthy, metricsText } from "../../../src/sync/worker-page.ts";
import { noCounts, type ChannelState } from "../../../src/sync/channel-progress.ts";
import type { WorkerRecord } from "../../../src/sync/worker-record.ts";

const now = 1_700_000_000_000;
const channel: ChannelState = {
  id: "c1",
  kind: "stream",
  doing: "reading",
  counts: noCounts,
  appliedThrough: now - 5000,
  oldestWaiting: null,
  caughtUpAt: now - 300,
  arriving: 100,
  lastSign: now - 300,
};
const record: WorkerRecord & { job: string } = {
  job: 'or"ders',
  worker: "w",
  owner: { host: "h", boot: "", pidSpace: "", pid: 1, started: "" },
  since: now - 60_000,
  beat: now - 1000,
  beatMs: 2000,
  doing: "streaming",
  counts: { ...noCounts, changes: 5, puts: 3, deletes: 2 },
  changesPerSecond: 1,
  channels: [channel],
};

describe("a worker's health", () => {
  test.each([
    ["a channel was just seen to be empty", {}, true],
    ["a channel neither moved nor was read to its end for a minute", { channels: [{ ...channel, lastSign: now - 61_000 }] }, false],
    ["it is paused", { doing: "paused" as const, channels: [{ ...channel, lastSign: now - 61_000 }] }, true],
    ["its channel is finished", { channels: [{ ...channel, doing: "finished" as const, lastSign: now - 61_000 }] }, true],
    ["it has not told its state for a minute", { beat: now - 61_000 }, false],
  ])("when %s", (_, change, healthy) => {
    expect(isHealthy([{ ...record, ...change }], now)).toBe(healthy);
  });
});

describe("a worker's metrics", () => {
  test("count changes by what became of them, and tell each channel's lag", () => {
    const text = metricsText([record], now);
    expect(text).toContain('tableferry_sync_changes_total{job="or\\"ders",outcome="puts"} 3\n');
    expect(text).toContain('tableferry_sync_lag_seconds{job="or\\"ders",channel="c1"} 0\n');
    const behind = metricsText([{ ...record, channels: [{ ...channel, oldestWaiting: now - 7000 }] }], now);
    expect(behind).toContain('channel="c1"} 7\n');
    expect(behind).toContain('tableferry_sync_unread_changes{job="or\\"ders",channel="c1"} 700\n');
  });

  test("count the conflicts of a two-way sync by the policy that decided", () => {
    const conflicts = { "last-writer": 4, source: 0, target: 2, merge: 0 };
    const text = metricsText([{ ...record, counts: { ...noCounts, conflicts } }], now);
    expect(text).toContain('tableferry_sync_conflicts_total{job="or\\"ders",policy="last-writer"} 4\n');
    expect(text).toContain('policy="target"} 2\n');
  });
});
