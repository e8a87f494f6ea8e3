import { toError } from "../base/error.ts";
import type { PrepareOptions } from "../connector/connector.ts";
import type { MigrationResult } from "../job/result.ts";
import { totalsOf, type CopyTotals } from "../pipeline/checkpoint.ts";
import type { ProgressMeter } from "../pipeline/progress-meter.ts";
import type { Reject } from "../pipeline/rejects.ts";
import { repeat } from "../pipeline/repeat.ts";
import type { RunLease } from "../pipeline/run-lease.ts";
import { isTransient } from "../pipeline/transient.ts";
import { copyRows } from "./copy.ts";
import type { Decision } from "./decide.ts";
import { DifferentError, rejectsError, shownMax, stoppedError, UnsettledEnd } from "./endings.ts";
import { mayCollide, type JobSides } from "../pipeline/job-sides.ts";
import type { MigrationInput } from "./migration-input.ts";
import { removeExtras } from "./mirror.ts";
import { planSplits } from "./plan-splits.ts";
import { TooManyRejects } from "./reject-tally.ts";
import { keptVerification, type Stage } from "./run-record.ts";
import type { RunState } from "./run-state.ts";
import { verifyCopy } from "./verify-copy.ts";

export interface MigrationRunParts {
  readonly input: MigrationInput;
  readonly sides: JobSides;
  readonly run: RunState;
  readonly lease: RunLease;
  readonly meter: ProgressMeter;
}

/** Milliseconds that undoing changes of the target's settings may take when a run ends early. */
const settleMs = 1000;

/** One run of a migration under its lease: goes from stage to stage, each leaving its fact in the run record. */
export class MigrationRun {
  readonly #parts: MigrationRunParts;
  readonly #steps: Readonly<Record<Exclude<Stage, "done">, () => Promise<void>>>;
  #prepared = false;
  #resumed = false;
  #rewritten = 0;
  #settled = true;
  /** Until then a change of the target as a whole, whose answer was lost, may still take effect. */
  #doubtfulUntil = -Infinity;

  constructor(parts: MigrationRunParts) {
    this.#parts = parts;
    this.#steps = {
      planned: () => this.#prepare(),
      copying: () => this.#copy(),
      copied: () => this.#mirror(),
      settled: () => this.#prove(),
    };
  }

  /** @throws UnsettledEnd around the failure when writes may still be under way; else the failure */
  async from(decision: Decision): Promise<MigrationResult> {
    const { run, lease } = this.#parts;
    try {
      if (decision.kind === "start") await this.#plan(decision.over);
      else await this.#takeUp();
      for (;;) {
        const { stage, result } = run.record;
        if (stage === "done") return result!;
        this.#parts.input.context.signal.throwIfAborted();
        lease.lost.throwIfAborted();
        await this.#steps[stage]();
      }
    } catch (error) {
      await this.#undo();
      const worded = await this.#worded(toError(error));
      throw this.#settled ? worded : new UnsettledEnd(worded);
    }
  }

  async #plan(over: boolean): Promise<void> {
    const { input, sides, run } = this.#parts;
    const { spec, context } = input;
    // Refused before anything is begun: what an earlier run kept, its rejects above all, is still there then.
    if (!over && spec.onTargetNotEmpty === "refuse" && !(await this.#isTargetEmpty())) await this.#prepareTarget({ resuming: false });
    const splits = await planSplits(input, sides);
    await run.begin(splits, {
      format: 1,
      kind: "migration",
      jobHash: sides.jobHash,
      mappingHash: sides.mapping.hash,
      stage: "planned",
      generation: context.chance.id().slice(0, 12),
      source: { title: sides.source.title, incarnation: sides.source.incarnation },
      target: { title: sides.target.title, incarnation: "" },
      over,
      targetWasEmpty: false,
      estimatedRows: spec.range === undefined && spec.filter === undefined ? sides.source.estimatedRows : undefined,
      begun: context.clock.now(),
      seconds: 0,
    });
    context.faultPoint?.("plan");
  }

  async #takeUp(): Promise<void> {
    const { run } = this.#parts;
    this.#resumed = true;
    // Complete, but not proved as it is asked for now.
    if (run.record.stage === "done") await run.change({ stage: "settled" });
  }

  async #prepare(): Promise<void> {
    const { input, run, meter } = this.#parts;
    const { spec, target, context } = input;
    meter.enter("prepare");
    const targetWasEmpty = await this.#isTargetEmpty();
    await this.#prepareTarget({ resuming: run.record.over, over: run.record.over });
    const { title, incarnation } = await target.describe(context.signal);
    // Without a policy that lets rows be there, preparing has made sure that there are none.
    await run.change({
      stage: "copying",
      targetWasEmpty: targetWasEmpty || (spec.onTargetNotEmpty === "refuse" && !run.record.over),
      target: { title, incarnation },
    });
  }

  async #isTargetEmpty(): Promise<boolean> {
    const { input, sides } = this.#parts;
    if (!sides.target.exists) return true;
    const reader = input.target.reader(sides.mapping.targetKey);
    try {
      return (await reader.sample(1, { versions: input.spec.versions }, input.context.signal)).length === 0;
    } finally {
      await reader.close();
    }
  }

  async #prepareTarget(how: Pick<PrepareOptions, "resuming" | "over">): Promise<void> {
    const { spec, target, context } = this.#parts.input;
    // Also when preparing fails half-way: settings it has raised are to be restored.
    this.#prepared = true;
    await this.#send(() => target.prepare({ notEmpty: spec.onTargetNotEmpty, versions: spec.versions, ...how }, context.signal));
  }

  /**
   * A change of the target as a whole: behind the fence, again while it fails in passing, and not before an earlier one whose
   * answer was lost can no longer take effect.
   */
  #send(change: () => Promise<void>): Promise<void> {
    const { input, lease } = this.#parts;
    const { clock, signal } = input.context;
    const attempt = async () => {
      await clock.sleep(Math.max(0, this.#doubtfulUntil - clock.monotonic()), signal);
      await lease.ready(signal);
      await change().catch((error: unknown) => {
        if (isTransient(error)) this.#doubtfulUntil = clock.monotonic() + lease.requestDeadlineMs;
        throw error;
      });
    };
    return repeat(attempt, input.context, signal);
  }

  async #copy(): Promise<void> {
    const { input, sides, run, lease, meter } = this.#parts;
    const { spec, context, target } = input;
    if (!this.#prepared) await this.#prepareTarget({ resuming: true });
    const began = context.clock.monotonic();
    const refuseDuplicates = mayCollide(sides, spec.verify.coverage === "all") && run.record.targetWasEmpty;
    const copied = await copyRows({ input, sides, run, fence: lease, lost: lease.lost, meter, refuseDuplicates });
    this.#settled = copied.settled;
    this.#rewritten += copied.rewrittenAtMost;
    lease.lost.throwIfAborted();
    const seconds = run.record.seconds + (context.clock.monotonic() - began) / 1000;
    if (copied.failure instanceof TooManyRejects) return this.#failForRejects(copied.totals, seconds, true);
    if (copied.failure !== undefined && !context.signal.aborted) throw copied.failure;
    context.signal.throwIfAborted();
    if (copied.totals.rejects > spec.rejects.allowed) return this.#failForRejects(copied.totals, seconds, false);
    // A write whose answer was lost may still take effect: what comes after the copy comes after that too (R2, R3).
    if (!copied.settled) await context.clock.sleep(lease.requestDeadlineMs, context.signal);
    this.#settled = true;
    meter.enter("settle");
    await this.#send(async () => target.complete?.(context.signal));
    await this.#send(() => target.settle(context.signal));
    await run.change({ stage: "copied", seconds });
    this.#prepared = false;
  }

  async #failForRejects(totals: CopyTotals, seconds: number, early: boolean): Promise<never> {
    const { input, run } = this.#parts;
    await run.change({ rejectsExceeded: true, seconds });
    const first: Reject[] = [];
    for await (const reject of run.rejects.read(await run.checkpoints.read())) if (first.push(reject) === shownMax) break;
    throw rejectsError(totals.rejects, input.spec.rejects.allowed, first, run.rejects.title, early);
  }

  async #mirror(): Promise<void> {
    const { input, sides, run, lease, meter } = this.#parts;
    meter.enter("settle");
    if (input.spec.onTargetNotEmpty === "mirror" && !run.record.targetWasEmpty) await removeExtras(input, sides, lease);
    await run.change({ stage: "settled" });
  }

  async #prove(): Promise<void> {
    const { input, sides, run, lease, meter } = this.#parts;
    const { spec, context } = input;
    meter.stop();
    if (spec.verify.coverage === "all") {
      const signal = AbortSignal.any([context.signal, lease.lost]);
      const verification = await verifyCopy({ ...input, context: { ...context, signal } }, sides, run);
      await run.change({ verification: keptVerification(verification) });
      if (!verification.equal && spec.verify.onMismatch === "fail") throw new DifferentError(verification);
      await this.#finish({ verification });
    } else await this.#finish({});
  }

  async #finish(proof: Pick<MigrationResult, "verification">): Promise<void> {
    const { input, sides, run, meter } = this.#parts;
    const { rowsRead, rowsWritten, bytesRead, filtered, rejects, expired = 0 } = totalsOf((await run.checkpoints.read()).values());
    const result: MigrationResult = {
      job: input.spec.name,
      outcome: "complete",
      rowsRead,
      rowsWritten,
      bytesRead,
      filteredRows: filtered,
      ...(expired > 0 ? { expiredCells: expired } : {}),
      rejects,
      seconds: meter.seconds,
      resumed: this.#resumed,
      rewrittenAtMost: this.#rewritten,
      mappingHash: sides.mapping.hash,
      ...proof,
    };
    const kept = proof.verification === undefined ? result : { ...result, verification: keptVerification(proof.verification) };
    await run.change({ stage: "done", result: kept, ended: input.context.clock.now() });
    meter.enter("done");
  }

  /** Gives the target its own settings back when the run ends early; the next run sets them again. */
  async #undo(): Promise<void> {
    const { input, lease } = this.#parts;
    if (!this.#prepared || lease.lost.aborted) return;
    const { clock, note } = input.context;
    const limit = new AbortController();
    const cancel = clock.after(settleMs, () => limit.abort(new Error("it took too long")));
    await input.target
      .settle(limit.signal)
      .catch((error: unknown) =>
        note(`The target's settings could not be restored (${toError(error).message.split("\n")[0]}); the next run does it.`),
      );
    cancel();
  }

  /** An abort that shows through some wait becomes what it means: another run's take-over, or the user's stop and where it left the job. */
  async #worded(error: Error): Promise<Error> {
    const { input, run, lease } = this.#parts;
    if (lease.lost.aborted) return toError(lease.lost.reason);
    const { signal } = input.context;
    if (!signal.aborted || (error !== signal.reason && !isStopped(error))) return error;
    const { stored } = run;
    if (stored === undefined) return stoppedError(input.spec.name, undefined, 0, "while it was planned");
    const during = {
      planned: "before the target was made ready",
      copying: "at a checkpoint",
      copied: "after copying",
      settled: "while it was verified",
      done: "at its end",
    }[stored.stage];
    return stoppedError(input.spec.name, totalsOf((await run.checkpoints.read()).values()), stored.splits, during);
  }
}

function isStopped(error: Error): boolean {
  return "code" in error && (error.code === "TF_STOPPED" || error.code === "TF_ABORTED");
}
