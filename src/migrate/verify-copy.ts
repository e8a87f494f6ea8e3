import type { VerificationResult } from "../job/result.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import { Throttle } from "../pipeline/throttle.ts";
import { rejectIndex } from "../verify/reject-index.ts";
import { runVerification } from "../verify/verification.ts";
import type { JobSides } from "../pipeline/job-sides.ts";
import type { MigrationInput } from "./migration-input.ts";
import type { RunState } from "./run-state.ts";

/** Proves a complete copy. Rows that stand among the rejects are known to be missing, and counted apart. */
export async function verifyCopy(input: MigrationInput, sides: JobSides, run: RunState): Promise<VerificationResult> {
  const { spec, source, target, state, context } = input;
  const { record } = run;
  const rejects = await rejectIndex(run.rejects.read(await run.checkpoints.read()));
  const reader = target.reader(sides.mapping.targetKey);
  try {
    return await runVerification({
      job: spec.name,
      source,
      target: reader,
      mapping: sides.mapping,
      scope: sides.scope,
      verify: spec.verify,
      limits: spec.limits,
      quiescent: spec.quiescent,
      context,
      toolVersion: input.toolVersion,
      throttle: new Throttle(context.clock, spec.limits),
      state: {
        store: state,
        prefix: `${stateKeys.generation(spec.name, record.generation)}verify`,
        token: run.token,
        after: record.generation,
      },
      rejects,
      targetHoldsOnlyThis: record.targetWasEmpty || spec.onTargetNotEmpty === "mirror",
      fault: context.faultPoint,
    });
  } finally {
    await reader.close();
  }
}
