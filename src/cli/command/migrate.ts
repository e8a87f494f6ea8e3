import { hasCode, TableferryError } from "../../base/error.ts";
import type { VerificationResult } from "../../job/result.ts";
import { DifferentError } from "../../migrate/endings.ts";
import { runJob } from "../../run/run-job.ts";
import { differ } from "../differ.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { onlyCompares, runWithJob, summaryOptions } from "../job-run.ts";
import type { LoadedJob } from "../load-job.ts";
import { migrationSummary, verificationSummary } from "../render/summary.ts";

export const migrate: Command = {
  run: async (invocation) => {
    let loaded: LoadedJob | undefined;
    try {
      const result = await runWithJob(invocation, (job, context) => {
        loaded = job;
        if (job.spec.kind !== "migration") throw onlyCompares(job);
        return runJob(job.spec, context);
      });
      await invocation.reply({ type: "result", ...result }, () => migrationSummary(result, summaryOptions(invocation, loaded!)));
      return exitCodes.ok;
    } catch (error) {
      if (loaded !== undefined && hasCode(error, "TF_REJECTS")) throw withRejects(error, loaded);
      if (!(error instanceof DifferentError) || loaded === undefined) throw error;
      const { verification } = error;
      await invocation.reply(differentDocument(verification), () => verificationSummary(verification, summaryOptions(invocation, loaded!)));
      throw differ(error);
    }
  },
};

/** Says how to see them all, and how to try again: a corrected file or mapping is another one, so the copy begins anew. */
function withRejects({ sentence, place, cause }: TableferryError, { file }: LoadedJob): TableferryError {
  return new TableferryError("TF_REJECTS", {
    message: sentence,
    place,
    wayOut:
      `\`tableferry rejects list ${file}\` shows them all. Correct the rows or the mapping, then \`tableferry migrate ${file} --again\`; ` +
      "or raise `rejects.allowed` in the job and run it again.",
    cause,
  });
}

/** The copy is complete, its proof failed. */
function differentDocument(verification: VerificationResult) {
  return { type: "result", job: verification.job, outcome: "different", verification };
}
