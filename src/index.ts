/** `tableferry`: the library's public surface, and nothing else. It knows nothing of Pulumi. */
export { TableferryError, hasCode, toError } from "./base/error.ts";
export { errorCodes, type ErrorCode } from "./base/error-code.ts";
export { canonicalJson } from "./base/canonical-json.ts";
export { systemClock, type Clock } from "./base/clock.ts";
export { systemChance, type Chance } from "./base/chance.ts";

// Jobs: what to move from where to where, and how rows change on the way.
export {
  jobSpec,
  migrationSpec,
  verificationSpec,
  type JobInput,
  type JobSpec,
  type MigrationInput,
  type MigrationSpec,
  type VerificationSpec,
} from "./job/job-spec.ts";
export type { CredentialReference, EndpointInput, EndpointSpec } from "./job/endpoint-spec.ts";
export { syncSpec, type SyncInput, type SyncSpec } from "./job/sync-spec.ts";
export { parseJob, parseSync } from "./job/parse-job.ts";
export { problemsOf, type SpecProblem } from "./job/spec-problems.ts";
export { secretPaths } from "./job/looks-secret.ts";
export { jobHash } from "./job/job-hash.ts";
export { loadMapping, type LoadedMapping } from "./job/load-mapping.ts";
export { defineMerge, type Merge, type MergeDefinition, type MergeSide } from "./job/merge.ts";
export { cast, constant, defineMapping, derive, integer, number, text, type InputRow, type MappingDefinition } from "./job/mapping.ts";
export type { Progress } from "./job/progress.ts";
export type { Difference, MigrationResult, VerificationResult } from "./job/result.ts";
export type { JobContext } from "./job/context.ts";

// Running them: plan, run, look, explain, forget.
export { runJob } from "./run/run-job.ts";
export { planJob, type JobPlan, type VerificationPlan } from "./run/plan-job.ts";
export type { MigrationPlan } from "./migrate/migration-plan.ts";
export { asVerification } from "./run/verify-job.ts";
export { closing } from "./run/closing.ts";
export { openSource } from "./run/open-endpoint.ts";
export { jobStatus, type JobOwner, type JobStatus } from "./run/job-status.ts";
export { explainJob } from "./run/explain-job.ts";
export type { Explanation } from "./verify/explain.ts";
export { DifferentError } from "./migrate/endings.ts";
export type { Reject } from "./pipeline/rejects.ts";
export { checkCertificate, type CertificateBody, type CheckedCertificate } from "./verify/certificate.ts";

// Keeping a target in step: plan, look, tell, forget; the workers are `tableferry sync run`.
export { planSync, type SyncPlan } from "./run/plan-sync.ts";
export { tunnelNameOf } from "./sync/prepare-sync.ts";
export { wayOf } from "./run/sync-ways.ts";
export { controlSync, syncJobStatus, syncStanding, type SyncJobStatus, type SyncStanding } from "./run/sync-job.ts";
export { checkCutOver, closeOtherSide, cutOverStanding, openBothSides, runCutOver, type CutOverCheck } from "./run/cut-over-job.ts";
export type { CutOverRecord, Way } from "./sync/cut-over/cut-over-record.ts";
export { forgetJob, forgetSync } from "./run/forget-job.ts";
export { deleteTableTunnel, ensureTableTunnel, lookAtTableTunnel, type TableTunnel, type TunnelPlace } from "./run/table-tunnel.ts";
export { livesHere, ownerOf, type ProcessOwner } from "./pipeline/process-owner.ts";

// Clients of Table Store, ours or the real one.
export { TableStoreClient, type TableStoreClientOptions } from "./client/table-store-client.ts";
export { resolveCredentials, type CredentialSource } from "./client/credentials.ts";
export { StoreAdmin, type StorePing } from "./client/store-admin.ts";
export type { TableOptions } from "./model/schema.ts";
