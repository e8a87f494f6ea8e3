import type { VerificationSpec } from "../../job/job-spec.ts";
import { DifferentError } from "../../migrate/endings.ts";
import { asVerification, verifyJob } from "../../run/verify-job.ts";
import { differ } from "../differ.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { runWithJob, summaryOptions } from "../job-run.ts";
import type { LoadedJob } from "../load-job.ts";
import { verificationSummary } from "../render/summary.ts";

export const verify: Command = {
  run: async (invocation) => {
    let loaded: LoadedJob | undefined;
    let different: DifferentError | undefined;
    const result = await runWithJob(invocation, async (job, context) => {
      loaded = job;
      try {
        return await verifyJob(specOf(invocation, job), context);
      } catch (error) {
        if (!(error instanceof DifferentError)) throw error;
        different = error;
        return error.verification;
      }
    });
    await invocation.reply({ type: "result", ...result }, () => verificationSummary(result, summaryOptions(invocation, loaded!)));
    if (different !== undefined) throw differ(different);
    // Asked for by name, a comparison fails when it finds differences, also where the job's own run would only report them.
    return result.equal ? exitCodes.ok : exitCodes.different;
  },
};

/** A migration's own comparison, or the verification itself, with what the user wants to see. */
function specOf(invocation: Invocation, { spec }: LoadedJob): VerificationSpec {
  const base = spec.kind === "migration" ? asVerification(spec) : spec;
  const list = invocation.number("list");
  const maskValues = base.verify.maskValues || invocation.flag("mask");
  return { ...base, verify: { ...base.verify, maskValues, ...(list === undefined ? {} : { list }) } };
}
