import { isDeepStrictEqual } from "node:util";
import type { JobContext } from "../job/context.ts";
import type { JobSpec, MigrationSpec, VerificationSpec } from "../job/job-spec.ts";
import { loadMapping } from "../job/load-mapping.ts";
import type { VerificationResult } from "../job/result.ts";
import { DifferentError } from "../migrate/endings.ts";
import { jobSides } from "../pipeline/job-sides.ts";
import { CheckpointStore } from "../pipeline/checkpoint.ts";
import { RejectStore } from "../pipeline/rejects.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { Throttle } from "../pipeline/throttle.ts";
import { peekRun } from "../migrate/run-state.ts";
import { rejectIndex, type RejectIndex } from "../verify/reject-index.ts";
import { runVerification } from "../verify/verification.ts";
import { closing, type Closing } from "./closing.ts";
import { lookOnly } from "./look-only.ts";
import { openSource, openTarget } from "./open-endpoint.ts";
import { lookAtState, migrationState, openState, verificationKeys, verificationState } from "./open-state.ts";
import { toolVersion } from "./tool-version.ts";

/** A migration's proof as a job of its own: the same sides, mapping, part and name, so that it knows the migration's rejects. */
export function asVerification(spec: MigrationSpec): VerificationSpec {
  const { onTargetNotEmpty: _policy, leaseSeconds: _lease, ...fields } = spec;
  return { ...fields, kind: "verification", verify: { ...spec.verify, coverage: "all" } };
}

/**
 * Compares both sides of a job and certifies what was found. Rows that a migration of the same name has rejected are counted apart.
 * @throws TF_DIFFERENT (`DifferentError`) when they differ and `verify.onMismatch` is `fail`
 */
export function verifyJob(spec: VerificationSpec, context: JobContext): Promise<VerificationResult> {
  return closing(async (opened) => {
    const loaded = await loadMapping(spec.mapping, context.folder);
    const source = await openSource(spec, context, opened);
    const target = await openTarget(spec, context, lookOnly, opened);
    const [sourceNow, targetNow] = await Promise.all([source.describe(context.signal), target.describe(context.signal)]);
    const { mapping, scope, jobHash } = jobSides(spec, loaded, sourceNow, targetNow);
    const state = await openState(verificationState(spec), spec, context, opened);
    const migration = await migrationFacts(spec, jobHash, context, state, opened);
    const result = await runVerification({
      job: spec.name,
      source,
      target: opened.add(target.reader(mapping.targetKey)),
      mapping,
      scope,
      verify: spec.verify,
      limits: spec.limits,
      quiescent: spec.quiescent,
      context,
      toolVersion: toolVersion(),
      throttle: new Throttle(context.clock, spec.limits),
      state: { store: state, prefix: verificationKeys(spec.name), token: context.chance.id(), after: jobHash },
      rejects: migration?.rejects,
      targetHoldsOnlyThis: migration?.targetHoldsOnlyThis,
      fault: context.faultPoint,
    });
    if (!result.equal && spec.verify.onMismatch === "fail") throw new DifferentError(result);
    return result;
  });
}

interface MigrationFacts {
  readonly rejects: RejectIndex | undefined;
  readonly targetHoldsOnlyThis: boolean;
}

/** What a migration that is this very job (same sides, mapping and part) has left in its state. */
async function migrationFacts(
  spec: JobSpec,
  jobHash: string,
  context: JobContext,
  own: StateStore,
  opened: Closing,
): Promise<MigrationFacts | undefined> {
  const place = migrationState(spec);
  const state = isDeepStrictEqual(place, verificationState(spec)) ? own : await lookAtState(place, spec, context, opened);
  const record = await peekRun(state, spec.name);
  if (record?.jobHash !== jobHash) return undefined;
  const checkpoints = await new CheckpointStore(state, spec.name, record.generation).read();
  const rejects = new RejectStore(state, spec.name, record.generation).read(checkpoints);
  return { rejects: await rejectIndex(rejects), targetHoldsOnlyThis: record.targetWasEmpty };
}
