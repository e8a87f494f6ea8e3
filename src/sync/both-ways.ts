import { addCounts } from "./channel-progress.ts";
import type { SyncPhase, SyncStatus } from "./sync-status.ts";

/** The phases from the one that says most about what is amiss. */
const order: readonly SyncPhase[] = ["not begun", "no worker", "preparing", "copying", "paused", "draining", "catching up", "in step"];

/** Both directions of a two-way sync as one: the worse phase and lag, the channels and workers of both. */
export function bothWays(forward: SyncStatus, back: SyncStatus): SyncStatus {
  const lagMs = forward.lagMs === null || back.lagMs === null ? null : Math.max(forward.lagMs, back.lagMs);
  const phase = order[Math.min(order.indexOf(forward.phase), order.indexOf(back.phase))]!;
  const expiries = [forward.expiresInHours, back.expiresInHours].filter((hours) => hours !== undefined);
  return {
    job: forward.job,
    phase,
    record: forward.record,
    control: forward.control,
    workers: [...forward.workers, ...back.workers.map((worker) => ({ ...worker, title: `${worker.title}, back` }))],
    channels: [...forward.channels, ...back.channels],
    unheld: [...forward.unheld, ...back.unheld],
    counts: addCounts(forward.counts, back.counts),
    changesPerSecond: forward.changesPerSecond + back.changesPerSecond,
    lagMs,
    unread: forward.unread === null || back.unread === null ? null : forward.unread + back.unread,
    copyPassed: forward.copyPassed && back.copyPassed,
    parked: forward.parked + back.parked,
    ...(expiries.length === 0 ? {} : { expiresInHours: Math.min(...expiries) }),
  };
}
