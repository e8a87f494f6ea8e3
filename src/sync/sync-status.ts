import { ownerText, type ProcessOwner } from "../pipeline/process-owner.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { unreadOf } from "./arrival-rate.ts";
import { addCounts, noCounts, type AppliedCounts, type ChannelState } from "./channel-progress.ts";
import { readControl, type SyncControl } from "./sync-control.ts";
import { peekSync, type SyncRecord } from "./sync-record.ts";
import { conditionOf, readWorkers, type WorkerCondition, type WorkerRecord } from "./worker-record.ts";

/** How a sync stands, in a word. */
export type SyncPhase = "not begun" | "preparing" | "copying" | "no worker" | "paused" | "draining" | "catching up" | "in step";

/** What a tunnel says of one of its channels. */
export interface TunnelChannelFacts {
  readonly id: string;
  readonly status: string;
  /** Wall clock, milliseconds, up to which the service knows it consumed. */
  readonly consumedUpTo: number | undefined;
}

export interface WorkerStatus {
  readonly worker: string;
  readonly title: string;
  readonly owner: ProcessOwner;
  readonly condition: WorkerCondition;
  readonly doing: WorkerRecord["doing"];
  readonly channels: number;
  readonly changesPerSecond: number;
  readonly lastSignOfLife: number;
  readonly trouble?: string | undefined;
}

export interface ChannelStatus extends ChannelState {
  readonly worker: string;
  /** Milliseconds between the commit of the oldest change that may not be applied and now. Null: not known yet. */
  readonly lagMs: number | null;
  /** Changes that are not applied, estimated from the lag and from how many the source commits (the tunnel service does not count them). Null: not known yet. */
  readonly unread: number | null;
}

/** JSON-clean; times are wall clock, milliseconds. */
export interface SyncStatus {
  readonly job: string;
  readonly phase: SyncPhase;
  readonly record: SyncRecord | undefined;
  readonly control: SyncControl;
  readonly workers: readonly WorkerStatus[];
  readonly channels: readonly ChannelStatus[];
  /** Channels that no living worker holds. */
  readonly unheld: readonly string[];
  readonly counts: AppliedCounts;
  readonly changesPerSecond: number;
  /** The greatest of the channels', null while one is not known. */
  readonly lagMs: number | null;
  /** The sum of the channels' estimates, null while one is not known. */
  readonly unread: number | null;
  /** Every channel has passed the end of the copy (R3): verification and cut-over may say something. */
  readonly copyPassed: boolean;
  /** Keys that are parked (R6). */
  readonly parked: number;
  /** Hours until the oldest unread change would expire, where anything is unread. */
  readonly expiresInHours?: number | undefined;
}

export interface StatusInput {
  readonly job: string;
  readonly state: StateStore;
  readonly now: number;
  /** Within this the target counts as in step. */
  readonly lagMs: number;
  readonly parked: number;
  /** Channels of the tunnel that are not terminated; undefined where nobody asked the service. */
  readonly tunnel?: readonly TunnelChannelFacts[] | undefined;
  readonly retentionHours?: number | undefined;
}

/** Puts together what the workers tell. Reads only. @throws TF_STATE_CORRUPT */
export async function syncStatus(input: StatusInput): Promise<SyncStatus> {
  const { job, state, now, tunnel, parked, retentionHours } = input;
  const [record, control, records] = await Promise.all([peekSync(state, job), readControl(state, job), readWorkers(state, job)]);
  const judged = records.map((worker) => ({ worker, condition: conditionOf(worker, now) }));
  const alive = judged.filter(({ condition }) => condition === "alive").map(({ worker }) => worker);
  const channels = alive.flatMap((worker) =>
    worker.channels.map((channel): ChannelStatus => {
      const lagMs = lagOf(channel, worker, now);
      return { ...channel, worker: worker.worker, lagMs, unread: unreadIn(channel, lagMs) };
    }),
  );
  const held = new Set(channels.map(({ id }) => id));
  const unheld = (tunnel ?? []).filter(({ id }) => !held.has(id));
  const lags = [...channels.filter(({ doing }) => doing !== "finished").map(({ lagMs }) => lagMs), ...unheld.map(lagOfUnheld(now))];
  const lagMs = lags.reduce<number | null>((most, lag) => (most === null || lag === null ? null : Math.max(most, lag)), 0);
  const scanEnded = record?.scanEnded;
  const copyPassed =
    record?.stage === "streaming" &&
    lagMs !== null &&
    alive.length > 0 &&
    (scanEnded === undefined ||
      channels.every(({ doing, caughtUpAt, appliedThrough }) => doing === "finished" || passed(scanEnded, caughtUpAt, appliedThrough)));
  const oldest = lagMs === null || lagMs === 0 ? undefined : now - lagMs;
  return {
    job,
    phase: phaseOf({ record, control, alive, lagMs, copyPassed }, input.lagMs),
    record,
    control,
    workers: judged.map(({ worker, condition }) => workerStatus(worker, condition)),
    channels,
    unheld: unheld.map(({ id }) => id),
    counts: records.reduce((sum, worker) => addCounts(sum, worker.counts), noCounts),
    changesPerSecond: alive.reduce((sum, worker) => sum + worker.changesPerSecond, 0),
    lagMs: alive.length === 0 && unheld.length === 0 ? null : lagMs,
    unread: unheld.length > 0 || alive.length === 0 ? null : channels.reduce(sumOfKnown, 0),
    copyPassed,
    parked,
    ...(retentionHours === undefined || oldest === undefined ? {} : { expiresInHours: retentionHours - (now - oldest) / 3_600_000 }),
  };
}

function passed(moment: number, caughtUpAt: number | null, appliedThrough: number | null): boolean {
  return (caughtUpAt ?? 0) >= moment || (appliedThrough ?? 0) >= moment;
}

/** A worker tells its state every few seconds: what it told is as old as its beat, not as old as the question. */
function lagOf({ oldestWaiting, caughtUpAt, appliedThrough }: ChannelState, { beat }: WorkerRecord, now: number): number | null {
  const silence = Math.max(0, now - beat);
  const since = oldestWaiting ?? caughtUpAt ?? appliedThrough;
  if (since === null) return null;
  const lag = Math.max(0, beat - since);
  return oldestWaiting === null && lag < readAgainMs ? Math.max(0, silence - beatGraceMs) : lag + silence;
}

function unreadIn({ doing, arriving }: ChannelState, lagMs: number | null): number | null {
  if (doing === "finished" || lagMs === 0) return 0;
  return lagMs === null || arriving === null ? null : unreadOf(lagMs, arriving);
}

function sumOfKnown(sum: number | null, { unread }: ChannelStatus): number | null {
  return sum === null || unread === null ? null : sum + unread;
}

/** A channel without changes is read at least so often. */
const readAgainMs = 2000;
/** Between two beats nothing is known, and nothing is wrong. */
const beatGraceMs = 5000;

function lagOfUnheld(now: number): (channel: TunnelChannelFacts) => number | null {
  return ({ consumedUpTo }) => (consumedUpTo === undefined ? null : Math.max(0, now - consumedUpTo));
}

interface Facts {
  readonly record: SyncRecord | undefined;
  readonly control: SyncControl;
  readonly alive: readonly WorkerRecord[];
  readonly lagMs: number | null;
  readonly copyPassed: boolean;
}

function phaseOf({ record, control, alive, lagMs, copyPassed }: Facts, lagMax: number): SyncPhase {
  if (record === undefined) return alive.length > 0 ? "preparing" : "not begun";
  if (alive.length === 0) return "no worker";
  if (record.stage === "preparing" || record.stage === "copying") return record.stage;
  if (control.paused) return "paused";
  if (control.draining) return "draining";
  return copyPassed && lagMs !== null && lagMs <= lagMax ? "in step" : "catching up";
}

function workerStatus(worker: WorkerRecord, condition: WorkerCondition): WorkerStatus {
  return {
    worker: worker.worker,
    title: ownerText(worker.owner),
    owner: worker.owner,
    condition,
    doing: worker.doing,
    channels: worker.channels.length,
    changesPerSecond: condition === "alive" ? worker.changesPerSecond : 0,
    lastSignOfLife: worker.beat,
    trouble: worker.trouble,
  };
}
