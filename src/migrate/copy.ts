import { Gate } from "../base/gate.ts";
import type { Split } from "../connector/connector.ts";
import { firstCheckpoint, totalsOf, type Checkpoint, type CopyTotals } from "../pipeline/checkpoint.ts";
import type { Fence } from "../pipeline/fence.ts";
import type { ProgressMeter } from "../pipeline/progress-meter.ts";
import { Throttle } from "../pipeline/throttle.ts";
import { Writer } from "../pipeline/writer.ts";
import type { CopyWork } from "./copy-split.ts";
import { runWorkers } from "./copy-workers.ts";
import type { JobSides } from "../pipeline/job-sides.ts";
import type { MigrationInput } from "./migration-input.ts";
import { RejectTally } from "./reject-tally.ts";
import type { RunState } from "./run-state.ts";
import { StopSignals } from "./stop-signals.ts";

/** Milliseconds that writes under way are given after the user asked for a stop; with the checkpoint well below 3 s. */
const graceMs = 1500;

export interface CopyRun {
  readonly input: MigrationInput;
  readonly sides: JobSides;
  readonly run: RunState;
  readonly fence: Fence;
  /** Aborted when another run takes over. */
  readonly lost: AbortSignal;
  readonly meter: ProgressMeter;
  readonly refuseDuplicates: boolean;
}

export interface Copied {
  readonly totals: CopyTotals;
  /** Every split is done. False: stopped at a checkpoint. */
  readonly complete: boolean;
  readonly rewrittenAtMost: number;
  /** No write was under way when it ended, and none whose outcome is unknown. */
  readonly settled: boolean;
  /** What ended it early; every worker has come to its checkpoint. */
  readonly failure: Error | undefined;
}

/** Copies what is not copied yet, several splits at once. */
export async function copyRows(copy: CopyRun): Promise<Copied> {
  const { input, run, meter } = copy;
  const { spec, context } = input;
  const splits = await run.checkpoints.readSplits(run.record.splitPieces);
  const known = await run.checkpoints.read();
  const tally = new RejectTally(spec.rejects, totalsOf(known.values()).rejects);
  let rewritten = 0;
  if (tally.exceeded && run.record.rejectsExceeded === true) rewritten += await retryRejected(run, known, tally);
  beginProgress(meter, splits, known, run.record.estimatedRows);
  const signals = new StopSignals(context.signal, copy.lost, context.clock, graceMs);
  const open = splits.filter((split) => known.get(split.id)?.done !== true);
  const begun = new Set(open.map((split) => split.id).filter((id) => known.has(id)));
  const work = workOf(copy, signals, tally, { begun, count: (rows) => (rewritten += rows) });
  const { limits, versions } = spec;
  const encoder = () => input.target.encoder(copy.sides.mapping, { versions, refuseDuplicates: copy.refuseDuplicates });
  const failure = await runWorkers({ work, run, signals, count: limits.workers, bytes: new Gate(limits.inFlightBytes), encoder }, open);
  signals.end();
  const totals = totalsOf((await run.checkpoints.read()).values());
  return {
    totals,
    complete: failure === undefined && totals.splitsDone === splits.length,
    rewrittenAtMost: rewritten,
    settled: work.writer.settled,
    failure,
  };
}

function workOf(
  { input, sides, run, fence, meter }: CopyRun,
  signals: StopSignals,
  tally: RejectTally,
  rewritten: CopyWork["rewritten"],
): CopyWork {
  const { spec, source, target, context } = input;
  const { limits } = spec;
  const { clock, chance } = context;
  const writer = new Writer({
    target,
    fence,
    slots: new Gate(limits.writesInFlight),
    throttle: new Throttle(clock, limits),
    clock,
    chance,
    signal: signals.abort,
  });
  return {
    source,
    scope: { ...sides.scope, copied: true },
    writer,
    rejects: run.rejects,
    token: run.token,
    mappingHash: sides.mapping.hash,
    clock,
    meter,
    met: {},
    stop: signals.stop,
    faultPoint: context.faultPoint ?? (() => undefined),
    onRejects: (count) => tally.add(count),
    rewritten,
  };
}

function beginProgress(
  meter: ProgressMeter,
  splits: readonly Split[],
  known: ReadonlyMap<string, Checkpoint>,
  estimatedRows: number | undefined,
): void {
  const { rowsRead, rowsWritten, bytesRead, rejects, splitsDone } = totalsOf(known.values());
  meter.splits = splits.length;
  meter.estimatedRows = estimatedRows;
  meter.resume({ rowsRead, rowsWritten, bytesRead, rejects, splitsDone });
  meter.enter("copy");
}

/**
 * An earlier run came to its end with more rejects than allowed. Splits that have any are copied again from their beginning: rows
 * that were corrected meanwhile get through, the others are rejected again. Returns the rows that will be written again.
 */
async function retryRejected(run: RunState, known: Map<string, Checkpoint>, tally: RejectTally): Promise<number> {
  let rows = 0;
  for (const checkpoint of [...known.values()].filter(({ rejects }) => rejects > 0)) {
    const entry = await run.checkpoints.take(checkpoint.split, run.token);
    const fresh = firstCheckpoint(checkpoint.split);
    await entry.write(fresh);
    known.set(checkpoint.split, fresh);
    tally.forget(checkpoint.rejects);
    rows += checkpoint.rowsWritten;
  }
  await run.change({ rejectsExceeded: false });
  return rows;
}
