import type { Clock } from "../base/clock.ts";
import type { FaultPoint } from "../base/fault-point.ts";
import type { Hold } from "../base/gate.ts";
import type { Batch, Encoder, ScanScope, Source, Split } from "../connector/connector.ts";
import { firstCheckpoint, type Checkpoint } from "../pipeline/checkpoint.ts";
import type { OwnedEntry } from "../pipeline/owned-entry.ts";
import type { ProgressMeter } from "../pipeline/progress-meter.ts";
import { rejectsOf, type RejectStore } from "../pipeline/rejects.ts";
import type { Writer } from "../pipeline/writer.ts";

/** What all workers of a copy share. */
export interface CopyWork {
  readonly source: Source;
  readonly scope: ScanScope;
  readonly writer: Writer;
  readonly rejects: RejectStore;
  readonly token: string;
  readonly mappingHash: string;
  readonly clock: Clock;
  readonly meter: ProgressMeter;
  /** The largest batch that was met so far. */
  readonly met: { batchBytes?: number };
  /** Asks for a stop after the batch under way. */
  readonly stop: AbortSignal;
  readonly faultPoint: FaultPoint;
  /** Told how many rows were rejected, once a checkpoint counts them. @throws to stop the copy */
  readonly onRejects: (count: number) => void;
  /** Splits that an earlier run had begun: it may have written their next batch already. `count` is told how many rows that is. */
  readonly rewritten: { readonly begun: Set<string>; readonly count: (rows: number) => void };
}

/** A batch stands in memory as read and as written, and the source reads one ahead. */
export const copiesHeld = 3;

/** How a worker left a split: at its end, at a checkpoint on request, or at a checkpoint to make room for others. */
export type SplitEnd = "done" | "stopped" | "gave way";

/**
 * Copies one split from its checkpoint on. One batch at a time: read, map, write, keep rejects, checkpoint. The checkpoint moves only
 * when every row before it is acknowledged by the target or kept among the rejects, so at most one batch a split is ever written twice.
 * @param hold the room it has, adjusted to what its batches turn out to need
 */
export async function copySplit(
  work: CopyWork,
  split: Split,
  entry: OwnedEntry<Checkpoint>,
  encoder: Encoder,
  hold: Hold,
): Promise<SplitEnd> {
  let at = entry.value ?? firstCheckpoint(split.id);
  // From here on the split counts as begun, and rows of it may be in the target.
  if (entry.value === undefined) await entry.write(at);
  try {
    for await (const batch of work.source.scan(split, at.position ?? undefined, work.scope, work.stop)) {
      work.faultPoint("scan");
      work.met.batchBytes = Math.max(work.met.batchBytes ?? 0, batch.bytes);
      hold.resize(copiesHeld * batch.bytes);
      const before = at;
      at = await carryBatch(work, batch, before, encoder);
      if (work.rewritten.begun.delete(split.id)) work.rewritten.count(at.rowsWritten - before.rowsWritten);
      await entry.write(at);
      work.faultPoint("checkpoint");
      // Only now, so that a copy which ends because of them has them counted.
      if (at.rejects > before.rejects) work.onRejects(at.rejects - before.rejects);
      if (work.stop.aborted) return "stopped";
      if (hold.crowded) return "gave way";
    }
  } catch (error) {
    if (work.stop.aborted && error === work.stop.reason) return "stopped";
    throw error;
  }
  // A source that is stopped may just end: that is no end of the split.
  if (work.stop.aborted) return "stopped";
  await entry.write({ ...at, done: true });
  work.meter.counters.splitsDone++;
  return "done";
}

/** Everything between a batch and its checkpoint. */
async function carryBatch(work: CopyWork, batch: Batch, at: Checkpoint, encoder: Encoder): Promise<Checkpoint> {
  const encoded = encoder.encode(batch);
  const { written, refused } = await work.writer.write(encoded);
  work.faultPoint("acknowledged");
  const rejects = rejectsOf(batch, [...encoded.refused, ...refused], work.mappingHash, work.clock.now());
  await work.rejects.add(batch.split, at.rejects, rejects, work.token);
  const { counters } = work.meter;
  const read = batch.rows + batch.refused.length;
  counters.rowsRead += read;
  counters.bytesRead += batch.bytes;
  counters.rowsWritten += written;
  counters.rejects += rejects.length;
  const expired = (at.expired ?? 0) + (encoded.expiredCells ?? 0);
  return {
    split: at.split,
    position: batch.position,
    done: false,
    rowsRead: at.rowsRead + read,
    rowsWritten: at.rowsWritten + written,
    bytesRead: at.bytesRead + batch.bytes,
    filtered: at.filtered + encoded.filtered,
    ...(expired > 0 ? { expired } : {}),
    rejects: at.rejects + rejects.length,
  };
}
