import { isDeepStrictEqual } from "node:util";
import { TableferryError, toError } from "../base/error.ts";
import type { MigrationResult } from "../job/result.ts";
import { ProgressMeter } from "../pipeline/progress-meter.ts";
import { RunLease } from "../pipeline/run-lease.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import { decide, type Wanted } from "./decide.ts";
import { stoppedError, UnsettledEnd } from "./endings.ts";
import { jobSides, type JobSides } from "../pipeline/job-sides.ts";
import type { MigrationInput } from "./migration-input.ts";
import { MigrationRun } from "./migration-run.ts";
import type { RunRecord } from "./run-record.ts";
import { peekRun, RunState } from "./run-state.ts";

/**
 * Runs a migration to its end, from wherever an earlier run of the same job left it:
 *
 * 1. *look*: describe both sides, compile the mapping, read the run record. A job that is done needs nothing more.
 * 2. *hold*: take the lease; from here on one run alone writes (R2, R8).
 * 3. *plan*: cut the source, keep the splits. 4. *prepare* the target. 5. *copy* the splits, several at once.
 * 6. *mirror*: remove extra rows where that is the policy. 7. *verify* and certify. Then the record says done.
 *
 * Each step leaves a stored fact behind (`run-record.ts`), and each may be repeated, so a run that was killed anywhere is
 * simply run again.
 * @throws TF_STOPPED (the context's signal), TF_RUN_HELD, TF_FENCED, TF_INCARNATION, TF_REJECTS, TF_DIFFERENT (`DifferentError`), TF_MIRROR,
 *   TF_WRITE_FAILED, what compiling and connectors throw
 */
export async function runMigration(input: MigrationInput): Promise<MigrationResult> {
  const { spec, context, state } = input;
  const meter = new ProgressMeter(spec.name, context.clock, context.onProgress);
  meter.enter("plan");
  try {
    // The record first: sides that are looked at later are those it knows, or newer ones.
    const seen = await peekRun(state, spec.name);
    const sides = await lookAtSides(input);
    if (decide(seen, wantedOf(input, sides)).kind === "nothing-to-do") return nothingToDo(seen!, meter);
    return await holding(input, async (lease) => {
      const run = await RunState.take(state, spec.name, lease.token);
      // Another run may have changed both record and target while this one waited for the lease.
      const unchanged = isDeepStrictEqual(seen, run.stored);
      const now = unchanged ? sides : await lookAtSides(input);
      const decision = decide(run.stored, wantedOf(input, now));
      if (decision.kind === "nothing-to-do") return nothingToDo(run.record, meter);
      return new MigrationRun({ input, sides: now, run, lease, meter }).from(decision);
    });
  } catch (error) {
    throw isStop(error, context.signal) ? stoppedError(spec.name, undefined, 0, "by request") : error;
  } finally {
    meter.stop();
  }
}

export async function lookAtSides({
  spec,
  source,
  target,
  mapping,
  context,
}: Pick<MigrationInput, "spec" | "source" | "target" | "mapping" | "context">): Promise<JobSides> {
  const [sourceNow, targetNow] = await Promise.all([source.describe(context.signal), target.describe(context.signal)]);
  return jobSides(spec, mapping, sourceNow, targetNow);
}

export function wantedOf({ spec, context }: Pick<MigrationInput, "spec" | "context">, sides: JobSides): Wanted {
  return {
    job: spec.name,
    jobHash: sides.jobHash,
    source: sides.source,
    target: sides.target,
    verify: spec.verify.coverage === "all",
    again: context.again ?? false,
    differencesAreFine: spec.verify.onMismatch === "report",
  };
}

/** Runs under the job's lease and gives it back, whatever happens. */
async function holding(input: MigrationInput, act: (lease: RunLease) => Promise<MigrationResult>): Promise<MigrationResult> {
  const { spec, context, state, fence } = input;
  const { clock, chance, signal, note } = context;
  const lease = await RunLease.acquire({
    state,
    key: stateKeys.lease(spec.name),
    job: spec.name,
    clock,
    chance,
    leaseMs: spec.leaseSeconds * 1000,
    signal,
    note,
  });
  fence.arm(lease);
  let settled = true;
  try {
    return await act(lease);
  } catch (error) {
    settled = !(error instanceof UnsettledEnd);
    throw settled ? error : toError((error as UnsettledEnd).cause);
  } finally {
    await lease
      .release(settled)
      .catch((error: unknown) =>
        note(`The job's lease could not be given back (${toError(error).message.split("\n")[0]}); the next run waits for it to run out.`),
      );
  }
}

function nothingToDo(record: RunRecord, meter: ProgressMeter): MigrationResult {
  if (record.result === undefined)
    throw new TableferryError("TF_STATE_CORRUPT", { message: "the job is done and has no result", place: "run record" });
  meter.enter("done");
  return { ...record.result, outcome: "nothing-to-do", rewrittenAtMost: 0, seconds: meter.seconds };
}

/** Whether an error is the user's stop showing through some wait, and not yet worded. */
function isStop(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && error === signal.reason;
}
