import type { JobContext } from "../job/context.ts";
import type { JobSpec } from "../job/job-spec.ts";
import type { MigrationResult, VerificationResult } from "../job/result.ts";
import type { Stage } from "../migrate/run-record.ts";
import { peekRun } from "../migrate/run-state.ts";
import { CheckpointStore, totalsOf, type CopyTotals } from "../pipeline/checkpoint.ts";
import { readLease } from "../pipeline/lease-entry.ts";
import { ownerText, provablyDead } from "../pipeline/process-owner.ts";
import { RejectStore, type Reject } from "../pipeline/rejects.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { closing } from "./closing.ts";
import { lookAtState, migrationState } from "./open-state.ts";

/** What the state says of a migration. JSON-clean; times are milliseconds since 1970. */
export interface JobStatus {
  readonly job: string;
  /** Where the state is kept. */
  readonly state: string;
  /** Undefined: no run of this job has left anything. */
  readonly stage?: Stage | undefined;
  readonly jobHash?: string | undefined;
  readonly mappingHash?: string | undefined;
  readonly source?: string | undefined;
  readonly target?: string | undefined;
  readonly begun?: number | undefined;
  readonly ended?: number | undefined;
  readonly estimatedRows?: number | undefined;
  readonly splits?: number | undefined;
  readonly totals?: CopyTotals | undefined;
  /** Who runs it, or ran it last without giving it back. */
  readonly owner?: JobOwner | undefined;
  /** The first rejects; `totals.rejects` counts all. */
  readonly rejects: readonly Reject[];
  /** Where rejects are kept. */
  readonly rejectsKeptIn?: string | undefined;
  readonly verification?: VerificationResult | undefined;
  readonly result?: MigrationResult | undefined;
}

export interface JobOwner {
  /** For people: `process 17 on laptop`. */
  readonly title: string;
  readonly host: string;
  readonly pid: number;
  readonly since: number;
  readonly lastSignOfLife: number;
  /** `dead`: surely. `silent`: no sign of life for longer than its lease. `alive`: within it. */
  readonly condition: "alive" | "silent" | "dead";
}

/** Rejects shown when not asked for more. */
const shownRejects = 20;

/**
 * What is known of a job without touching it: stage, splits, counters, owner, rejects, last verification. Works while it runs.
 * @param rejectsMax rejects listed at most
 */
export function jobStatus(spec: JobSpec, context: JobContext, rejectsMax: number = shownRejects): Promise<JobStatus> {
  return closing(async (opened) => {
    const state = await lookAtState(migrationState(spec), spec, context, opened);
    const owner = await ownerOf(state, spec.name, context.clock.now());
    const record = await peekRun(state, spec.name);
    if (record === undefined) return { job: spec.name, state: state.title, owner, rejects: [] };
    const { stage, jobHash, mappingHash, source, target, begun, ended, estimatedRows, splits, generation, verification, result } = record;
    const checkpoints = await new CheckpointStore(state, spec.name, generation).read();
    const store = new RejectStore(state, spec.name, generation);
    const rejects: Reject[] = [];
    const totals = totalsOf(checkpoints.values());
    if (totals.rejects > 0 && rejectsMax > 0)
      for await (const reject of store.read(checkpoints)) if (rejects.push(reject) >= rejectsMax) break;
    return {
      job: spec.name,
      state: state.title,
      stage,
      jobHash,
      mappingHash,
      source: source.title,
      target: target.title,
      begun,
      ended,
      estimatedRows,
      splits,
      totals,
      owner,
      rejects,
      rejectsKeptIn: totals.rejects > 0 ? store.title : undefined,
      verification,
      result,
    };
  });
}

async function ownerOf(state: StateStore, job: string, now: number): Promise<JobOwner | undefined> {
  const entry = await state.get(stateKeys.lease(job));
  const lease = entry === undefined ? undefined : readLease(entry, state.title);
  if (lease === undefined || lease.owner === null) return undefined;
  const { owner, since, beat, leaseMs } = lease;
  const condition = provablyDead(owner) ? "dead" : now - beat > leaseMs ? "silent" : "alive";
  return { title: ownerText(owner), host: owner.host, pid: owner.pid, since, lastSignOfLife: beat, condition };
}
