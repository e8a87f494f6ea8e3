import type { Gate } from "../base/gate.ts";
import type { Batch, Position, ScanScope, Source, Split } from "../connector/connector.ts";

export interface HeldScan {
  readonly source: Source;
  readonly scope: ScanScope;
  /** Bytes of rows held at once, over all workers. */
  readonly bytes: Gate;
  /** The largest batch that any of the scans has met. */
  readonly met: { batchBytes?: number };
  /** Ends it between two batches. */
  readonly stop: AbortSignal;
}

/** What a scan is taken to hold before its first batch is known; a page of Table Store has at most so many bytes of rows. */
const firstBatchBytes = 4 * 1024 * 1024;
/** A batch stands in memory as read and as written, and the source reads one ahead. */
const copiesHeld = 3;

/**
 * The batches of a split, within the bytes in flight (R14): a scan begins when there is room for what it holds, and keeps that room while
 * it goes on, since even between two batches the source holds one. Where batches turn out so large that all scans together hold too
 * much, this one gives way: it ends, waits for room, and begins again behind the last batch.
 */
export async function* heldBatches(
  { source, scope, bytes, met, stop }: HeldScan,
  split: Split,
  from: Position | undefined,
): AsyncGenerator<Batch> {
  let position = from;
  for (;;) {
    const hold = await bytes.acquire(copiesHeld * (met.batchBytes ?? firstBatchBytes), stop).catch(() => undefined);
    // Only a stop ends the waiting.
    if (hold === undefined) return;
    const batches = source.scan(split, position, scope, stop)[Symbol.asyncIterator]();
    try {
      do {
        const next = await batches.next();
        if (next.done === true) return;
        const batch = next.value;
        met.batchBytes = Math.max(met.batchBytes ?? 0, batch.bytes);
        hold.resize(copiesHeld * batch.bytes);
        yield batch;
        position = batch.position;
      } while (!hold.crowded);
    } catch (error) {
      if (stop.aborted) return;
      throw error;
    } finally {
      await batches.return?.();
      hold.release();
    }
  }
}
