import { describe, expect, test } from "vitest";
import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";
import { stateKeys } from "../../../src/pipeline/state-keys.ts";
import { noCounts, type ChannelState } from "../../../src/sync/channel-progress.ts";
import type { SyncRecord } from "../../../src/sync/sync-record.ts";
import { syncStatus, type StatusInput, type SyncStatus } from "../../../src/sync/sync-status.ts";
import type { WorkerRecord } from "../../../src/sync/worker-record.ts";

const now = 1_700_000_000_000;
const record: SyncRecord = {
  format: 1,
  kind: "sync",
  jobHash: "h",
  mappingHash: "m",
  stage: "streaming",
  again: false,
  tunnel: { name: "t", id: "1" },
  source: { title: "a", incarnation: "a" },
  target: { title: "b", incarnation: "b" },
  firstCheckpoints: 1,
  begun: now - 100_000,
  scanEnded: now - 50_000,
};
const channel: ChannelState = {
  id: "c",
  kind: "stream",
  doing: "reading",
  counts: noCounts,
  appliedThrough: now - 60_000,
  oldestWaiting: null,
  caughtUpAt: now - 1300,
  arriving: 100,
  lastSign: now - 1300,
};
const worker: WorkerRecord = {
  worker: "w",
  owner: { host: "elsewhere", boot: "", pidSpace: "", pid: 1, started: "" },
  since: now - 90_000,
  beat: now - 1000,
  beatMs: 2000,
  doing: "streaming",
  counts: noCounts,
  changesPerSecond: 3,
  channels: [channel],
};

async function status(
  told: { readonly record?: SyncRecord | undefined; readonly workers?: readonly WorkerRecord[]; readonly control?: object },
  more: Partial<StatusInput> = {},
): Promise<SyncStatus> {
  const state = new MemoryStateStore();
  const put = (key: string, value: unknown) => state.entries.set(key, { token: "t", seq: 1, value: JSON.stringify(value) });
  if (told.record !== undefined) put(stateKeys.sync("j"), told.record);
  if (told.control !== undefined) put(stateKeys.control("j"), { paused: false, draining: false, ...told.control });
  for (const one of told.workers ?? []) put(stateKeys.worker("j", one.worker), one);
  return syncStatus({ job: "j", state, now, lagMs: 5000, parked: 0, ...more });
}
const withChannel = (change: Partial<ChannelState>) => ({ record, workers: [{ ...worker, channels: [{ ...channel, ...change }] }] });

describe("how a sync stands", () => {
  test.each([
    ["not begun, where nothing is", {}, "not begun"],
    ["copying, while the copy runs", { record: { ...record, stage: "copying" as const }, workers: [worker] }, "copying"],
    ["in step, where the only channel was just seen to be empty", { record, workers: [worker] }, "in step"],
    ["catching up, with a change that waits for longer than the lag declared", withChannel({ oldestWaiting: now - 60_000 }), "catching up"],
    ["catching up, until every channel has passed the end of the copy (R3)", withChannel({ caughtUpAt: now - 55_000 }), "catching up"],
    ["paused", { record, workers: [worker], control: { paused: true } }, "paused"],
    ["draining", { record, workers: [worker], control: { draining: true } }, "draining"],
    ["without a worker, where the last one is silent", { record, workers: [{ ...worker, beat: now - 60_000 }] }, "no worker"],
    ["without a worker, where the last one ended", { record, workers: [{ ...worker, doing: "ended" as const }] }, "no worker"],
  ])("%s", async (_, told, phase) => {
    expect((await status(told)).phase).toBe(phase);
  });

  test("its lag is that of the channel furthest behind", async () => {
    const behind = { ...channel, id: "d", oldestWaiting: now - 31_000 };
    const { lagMs } = await status({ record, workers: [{ ...worker, channels: [channel, behind] }] });
    expect(lagMs).toBe(31_000);
  });

  test("how many changes are unread is estimated from the lag and from what the source commits, once both are known", async () => {
    const behind = withChannel({ oldestWaiting: now - 31_000 });
    expect((await status(behind)).unread).toBe(3100);
    expect((await status({ record, workers: [worker] })).unread).toBe(0);
    expect((await status(withChannel({ oldestWaiting: now - 31_000, arriving: null }))).unread).toBeNull();
  });

  test("a channel that no living worker holds is behind by what the service knows of it", async () => {
    const tunnel = [
      { id: "c", status: "OPEN", consumedUpTo: now },
      { id: "lost", status: "OPEN", consumedUpTo: now - 40_000 },
    ];
    const found = await status({ record, workers: [worker] }, { tunnel });
    expect([found.unheld, found.lagMs]).toEqual([["lost"], 40_000]);
  });

  test("unread changes expire by their age", async () => {
    const found = await status(withChannel({ oldestWaiting: now - 3_600_000 }), { retentionHours: 24 });
    expect(found.expiresInHours).toBeCloseTo(23, 1);
  });
});
