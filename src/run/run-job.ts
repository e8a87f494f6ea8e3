import { faultPointFrom } from "../base/fault-point.ts";
import type { JobContext } from "../job/context.ts";
import type { JobSpec, MigrationSpec, VerificationSpec } from "../job/job-spec.ts";
import { loadMapping } from "../job/load-mapping.ts";
import type { MigrationResult, VerificationResult } from "../job/result.ts";
import { runMigration } from "../migrate/migration.ts";
import { LateFence } from "../pipeline/fence.ts";
import { closing } from "./closing.ts";
import { openSource, openTarget } from "./open-endpoint.ts";
import { migrationState, openState } from "./open-state.ts";
import { toolVersion } from "./tool-version.ts";
import { verifyJob } from "./verify-job.ts";

/**
 * Runs a job to its end. Interrupted in any way, the same call goes on from the last checkpoint; complete and unchanged, it does
 * nothing and says so. The command, the Pulumi provider and programs all run jobs through this.
 *
 * @example
 * const result = await runJob(parseJob(text), {
 *   clock: systemClock, chance: systemChance, signal, folder: process.cwd(), env: process.env,
 *   onProgress: ({ rowsWritten }) => console.log(rowsWritten), note: console.warn,
 * });
 *
 * @throws TF_STOPPED (`context.signal` was aborted; the message says where it stands), TF_RUN_HELD and TF_FENCED (another run),
 *   TF_REJECTS, TF_DIFFERENT (a `DifferentError` with the verification, unless `verify.onMismatch` is `report`), TF_INCARNATION,
 *   TF_TARGET_NOT_EMPTY, TF_TARGET_SCHEMA, TF_SOURCE_MISSING, TF_MAPPING_INVALID, TF_CREDENTIALS_MISSING, TF_STATE_LOCKED,
 *   TF_CONNECTION, errors of the service (`ServiceError`)
 */
export function runJob(spec: MigrationSpec, context: JobContext): Promise<MigrationResult>;
export function runJob(spec: VerificationSpec, context: JobContext): Promise<VerificationResult>;
export function runJob(spec: JobSpec, context: JobContext): Promise<MigrationResult | VerificationResult>;
export function runJob(spec: JobSpec, context: JobContext): Promise<MigrationResult | VerificationResult> {
  const run = { ...context, faultPoint: context.faultPoint ?? faultPointFrom(context.env) };
  return spec.kind === "migration" ? migrate(spec, run) : verifyJob(spec, run);
}

function migrate(spec: MigrationSpec, context: JobContext): Promise<MigrationResult> {
  return closing(async (opened) => {
    const mapping = await loadMapping(spec.mapping, context.folder);
    const fence = new LateFence();
    const source = await openSource(spec, context, opened);
    const target = await openTarget(spec, context, fence.beforeSend, opened);
    const state = await openState(migrationState(spec), spec, context, opened);
    return runMigration({ spec, source, target, state, mapping, context, fence, toolVersion: toolVersion() });
  });
}
