import type { JobContext } from "../job/context.ts";
import type { JobSpec, MigrationSpec, VerificationSpec } from "../job/job-spec.ts";
import { loadMapping } from "../job/load-mapping.ts";
import { jobSides } from "../pipeline/job-sides.ts";
import type { MigrationPlan } from "../migrate/migration-plan.ts";
import { planMigration } from "../migrate/plan-migration.ts";
import { closing, type Closing } from "./closing.ts";
import { lookOnly } from "./look-only.ts";
import { openSource, openTarget } from "./open-endpoint.ts";
import { lookAtState, migrationState } from "./open-state.ts";

/** What a verification would compare. JSON-clean. */
export interface VerificationPlan {
  readonly job: string;
  readonly jobHash?: string | undefined;
  /** `unknown`: a side is not there yet. */
  readonly action: "verify" | "unknown";
  readonly source: string;
  readonly target: string;
  readonly estimatedRows?: number | undefined;
  /** For people, a line each, summary last. */
  readonly lines: readonly string[];
}

export type JobPlan = MigrationPlan | VerificationPlan;

/**
 * What `runJob` would do now, for `tableferry plan` and Pulumi previews. Reads only: no table is made, no state is written, and a write
 * that slipped in would stop it. What is wrong with the job as such stands in a migration's `problems`.
 * @throws TF_CREDENTIALS_MISSING, TF_CONNECTION, TF_SPEC_INVALID, errors of the service
 */
export function planJob(spec: MigrationSpec, context: JobContext): Promise<MigrationPlan>;
export function planJob(spec: VerificationSpec, context: JobContext): Promise<VerificationPlan>;
export function planJob(spec: JobSpec, context: JobContext): Promise<JobPlan>;
export function planJob(spec: JobSpec, context: JobContext): Promise<JobPlan> {
  return closing<JobPlan>((opened) =>
    spec.kind === "migration" ? planned(spec, context, opened) : plannedVerification(spec, context, opened),
  );
}

async function planned(spec: MigrationSpec, context: JobContext, opened: Closing): Promise<MigrationPlan> {
  const mapping = await loadMapping(spec.mapping, context.folder);
  const source = await openSource(spec, context, opened);
  const target = await openTarget(spec, context, lookOnly, opened);
  const state = await lookAtState(migrationState(spec), spec, context, opened);
  return planMigration({ spec, source, target, state, mapping, context });
}

async function plannedVerification(spec: VerificationSpec, context: JobContext, opened: Closing): Promise<VerificationPlan> {
  const loaded = await loadMapping(spec.mapping, context.folder);
  const source = await openSource(spec, context, opened);
  const target = await openTarget(spec, context, lookOnly, opened);
  const [sourceNow, targetNow] = await Promise.all([source.describe(context.signal), target.describe(context.signal)]);
  const frame = { job: spec.name, source: sourceNow.title, target: targetNow.title };
  const between = `${sourceNow.title} against ${targetNow.title}`;
  const absent = [sourceNow, targetNow].filter((side) => !side.exists).map((side) => side.title);
  if (absent.length > 0)
    return {
      ...frame,
      action: "unknown",
      lines: [`verifies ${between}: known once ${absent.join(" and ")} exist${absent.length === 1 ? "s" : ""}`],
    };
  const { jobHash } = jobSides(spec, loaded, sourceNow, targetNow);
  const rows = sourceNow.estimatedRows;
  const part = spec.range === undefined && spec.filter === undefined ? "every row of both sides" : "a part of the source";
  return {
    ...frame,
    jobHash,
    action: "verify",
    estimatedRows: rows,
    lines: [`verifies ${between}: ${part}${rows === undefined ? "" : `, about ${rows.toLocaleString("en-US")} rows`}`],
  };
}
