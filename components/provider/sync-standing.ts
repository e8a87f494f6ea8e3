import type { SyncStanding } from "../../src/index.ts";
import type { Properties } from "./handlers.ts";
import { library } from "./library.ts";
import { count, duration, liveProgress } from "./live-progress.ts";
import type { Stopping } from "./stopping.ts";
import type { SyncOrder } from "./sync-order.ts";
import { isLiving, lastWordsOf, logOf, type WorkerProcess } from "./worker-processes.ts";

const POLL_MS = 500;
/** How long a worker that was started again may take to tell of itself before the next one is stopped. */
const SIGN_MS = 30_000;

/** A wait that was told to end: the workers go on by themselves. */
export class WaitStopped extends Error {}

/**
 * Waits until all of the workers are there, every channel is held, and the target is no further behind than declared (`lagSeconds`); shows how far it is. A
 * sync that somebody paused is left so.
 * @param onLook told what is known, so that an interrupted wait can be recorded
 * @throws WaitStopped; TF_SYNC_NO_WORKER when a worker has ended, in its own last words; errors of the state and the tunnel
 */
export async function untilInStep(
  order: SyncOrder,
  workers: readonly WorkerProcess[],
  stopping: Stopping,
  onLook: (standing: SyncStanding) => void,
): Promise<SyncStanding> {
  const { syncStanding } = await library();
  const { spec, context, subject } = order;
  const { clock } = context;
  const live = liveProgress(subject, clock);
  try {
    for (;;) {
      if (stopping.signal.aborted) throw new WaitStopped();
      await refuseEnded(order, workers);
      const standing = await syncStanding(spec, { ...context, signal: stopping.signal });
      onLook(standing);
      if (standing.control.paused || isInStep(standing, workers)) return standing;
      live.show(standingLine(standing));
      await clock.sleep(POLL_MS, stopping.signal);
    }
  } catch (error) {
    if (stopping.signal.aborted) throw new WaitStopped();
    throw error;
  } finally {
    live.stop();
  }
}

/** Waits until a worker tells of itself, which it does once it streams; not for one that copies, or whose state cannot be read now. */
export async function untilSign({ spec, context }: SyncOrder, worker: WorkerProcess): Promise<void> {
  const { syncJobStatus } = await library();
  const { clock } = context;
  for (const end = clock.monotonic() + SIGN_MS; clock.monotonic() < end; await clock.sleep(POLL_MS)) {
    const { record, workers } = await syncJobStatus(spec, context);
    if (record?.stage !== "streaming" || tells(workers, worker) || !(await isLiving(worker))) return;
  }
}

function isInStep({ phase, unheld, workers: told }: SyncStanding, workers: readonly WorkerProcess[]): boolean {
  return phase === "in step" && unheld.length === 0 && workers.every((worker) => tells(told, worker));
}

function tells(told: SyncStanding["workers"], { owner }: WorkerProcess): boolean {
  return told.some(({ condition, owner: { pid, started, boot } }) => {
    return condition === "alive" && pid === owner.pid && started === owner.started && boot === owner.boot;
  });
}

async function refuseEnded({ at, spec }: SyncOrder, workers: readonly WorkerProcess[]): Promise<void> {
  for (const worker of workers) {
    if (await isLiving(worker)) continue;
    const { TableferryError } = await library();
    throw new TableferryError("TF_SYNC_NO_WORKER", {
      message: `worker ${String(worker.place)} has ended: ${lastWordsOf(at, worker) || "it said nothing, as if it was killed"}`,
      place: spec.name,
      wayOut: `Correct what it names and run \`pulumi up\` again, which starts it again. Its log is ${logOf(at, worker.place)}.`,
    });
  }
}

/** What a resource records of its sync. */
export function outputsOf(standing: SyncStanding | undefined, { settings }: SyncOrder, workers: number): Properties {
  const { phase = "not begun", lagMs = null, counts, parked = 0, record } = standing ?? {};
  return {
    jobId: settings.jobId,
    phase,
    behindSeconds: lagMs === null ? null : Math.round(lagMs / 100) / 10,
    changes: counts?.changes ?? 0,
    copiedRows: record?.copied?.rowsWritten ?? 0,
    parked,
    workers,
    tunnelId: record?.tunnel.id ?? "",
    tunnelName: record?.tunnel.name ?? "",
  };
}

/** `catching up, 12 s behind, 2,000 changes/s`; one line of how it stands. */
export function standingLine({ phase, copying, lagMs, unheld, changesPerSecond, record, parked }: SyncStanding): string {
  if (record === undefined || record.stage === "preparing") return "preparing the tunnel";
  if (record.stage === "copying") return copyLine(copying);
  const parts = [phase === "no worker" ? "workers start" : phase];
  if (lagMs !== null && phase !== "in step") parts.push(`${duration(lagMs / 1000)} behind`);
  if (changesPerSecond > 0) parts.push(`${count(changesPerSecond)} changes/s`);
  if (unheld.length > 0) parts.push(`${count(unheld.length)} channels not held yet`);
  if (parked > 0) parts.push(`${count(parked)} keys parked`);
  return parts.join(", ");
}

function copyLine(copying: SyncStanding["copying"]): string {
  if (copying === undefined) return "preparing the copy";
  const { rowsWritten, estimatedRows = 0, rejects } = copying;
  const share = estimatedRows > 0 ? ` of about ${count(estimatedRows)}` : "";
  return `copied ${count(rowsWritten)}${share} rows${rejects > 0 ? `, ${count(rejects)} put aside` : ""}`;
}
