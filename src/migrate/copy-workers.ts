import { toError } from "../base/error.ts";
import type { Gate } from "../base/gate.ts";
import type { Encoder, Split } from "../connector/connector.ts";
import { copiesHeld, copySplit, type CopyWork } from "./copy-split.ts";
import type { RunState } from "./run-state.ts";
import type { StopSignals } from "./stop-signals.ts";

export interface CopyWorkers {
  readonly work: CopyWork;
  readonly run: RunState;
  readonly signals: StopSignals;
  /** Workers at most; fewer run while there is no room for more. */
  readonly count: number;
  /** Bytes of rows held at once, over all workers (R14). */
  readonly bytes: Gate;
  /** An encoder for one split: it keeps memory of what it wrote last. */
  readonly encoder: () => Encoder;
}

/** What a split is taken to hold before the first batch is known; a page of Table Store has at most so many bytes of rows. */
const firstBatchBytes = 4 * 1024 * 1024;

/**
 * Copies the splits in order, several at once. A worker begins a split when there is room for what it will hold, and keeps that room
 * until it leaves the split, since sources and encoders hold something between batches too. Where batches turn out so large that all
 * together hold too much, workers give way: they leave their splits at a checkpoint and wait for room, holding nothing. Returns the first
 * failure, once every worker has come to its checkpoint; the others are asked to stop by it.
 */
export async function runWorkers(
  { work, run, signals, count, bytes, encoder }: CopyWorkers,
  splits: readonly Split[],
): Promise<Error | undefined> {
  const queue = [...splits].reverse();
  let failure: Error | undefined;
  const turn = async (): Promise<boolean> => {
    const room = () => copiesHeld * (work.met.batchBytes ?? firstBatchBytes);
    const hold = await bytes.acquire(room, signals.stop).catch(() => undefined);
    // Only a stop ends the waiting.
    if (hold === undefined) return false;
    try {
      const split = queue.pop();
      if (split === undefined || signals.stop.aborted) return false;
      const entry = await run.checkpoints.take(split.id, run.token);
      if ((await copySplit(work, split, entry, encoder(), hold)) === "gave way") queue.push(split);
      return true;
    } finally {
      hold.release();
    }
  };
  const worker = async () => {
    try {
      while (await turn());
    } catch (thrown) {
      failure ??= toError(thrown);
      signals.stopAll(failure);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(count, splits.length)) }, worker));
  return failure;
}
