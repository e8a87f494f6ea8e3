import type { FaultPoint } from "../base/fault-point.ts";
import type { Clock } from "../base/clock.ts";
import type { Batch, Encoder, Split } from "../connector/connector.ts";
import { firstCheckpoint, type Checkpoint } from "../pipeline/checkpoint.ts";
import type { OwnedEntry } from "../pipeline/owned-entry.ts";
import type { ProgressMeter } from "../pipeline/progress-meter.ts";
import { rejectsOf, type RejectStore } from "../pipeline/rejects.ts";
import type { Writer } from "../pipeline/writer.ts";
import { heldBatches, type HeldScan } from "./held-batches.ts";

/** What all workers of a copy share. */
export interface CopyWork extends HeldScan {
  readonly writer: Writer;
  readonly rejects: RejectStore;
  readonly token: string;
  readonly mappingHash: string;
  readonly clock: Clock;
  readonly meter: ProgressMeter;
  readonly faultPoint: FaultPoint;
  /** Told how many rows were rejected, once a checkpoint counts them. @throws to stop the copy */
  readonly onRejects: (count: number) => void;
  /** Told how many rows a resumed split wrote first: an earlier run may have written them already. */
  readonly onRewritten: (rows: number) => void;
}

/**
 * Copies one split from its checkpoint to its end, or to the batch after which a stop is asked for. One batch at a time: read,
 * map, write, keep rejects, checkpoint. The checkpoint moves only when every row before it is acknowledged by the target or kept
 * among the rejects, so at most one batch a split is ever written twice.
 */
export async function copySplit(work: CopyWork, split: Split, entry: OwnedEntry<Checkpoint>, encoder: Encoder): Promise<void> {
  const resumed = entry.value !== undefined;
  let at = entry.value ?? firstCheckpoint(split.id);
  // From here on the split counts as begun, and rows of it may be in the target.
  if (!resumed) await entry.write(at);
  let batches = 0;
  for await (const batch of heldBatches(work, split, at.position ?? undefined)) {
    work.faultPoint("scan");
    const before = at;
    at = await carryBatch(work, batch, before, encoder);
    if (resumed && batches++ === 0) work.onRewritten(at.rowsWritten - before.rowsWritten);
    await entry.write(at);
    work.faultPoint("checkpoint");
    // Only now, so that a copy which ends because of them has them counted.
    if (at.rejects > before.rejects) work.onRejects(at.rejects - before.rejects);
    if (work.stop.aborted) return;
  }
  if (work.stop.aborted) return;
  await entry.write({ ...at, done: true });
  work.meter.counters.splitsDone++;
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
