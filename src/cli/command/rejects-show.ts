import { TableferryError } from "../../base/error.ts";
import { jobStatus } from "../../run/job-status.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadJob } from "../load-job.ts";
import { rejectLines } from "../render/reject-text.ts";

export const rejectsShow: Command = {
  run: async (invocation) => {
    const number = Number(invocation.arg(1));
    const job = await loadJob(invocation, invocation.arg(0));
    if (!Number.isSafeInteger(number) || number < 1) {
      throw new TableferryError("TF_USAGE", {
        message: `${JSON.stringify(invocation.arg(1))} is no number of a reject`,
        wayOut: `\`tableferry rejects list ${job.file}\` numbers them from 1.`,
      });
    }
    const { rejects, totals } = await lookWithJob(invocation, job, ({ spec }, context) => jobStatus(spec, context, number));
    const reject = rejects[number - 1];
    if (reject === undefined) {
      throw new TableferryError("TF_USAGE", {
        message: `the job ${job.spec.name} has ${totals?.rejects ?? 0} rejects`,
        place: `reject ${number}`,
        wayOut: `\`tableferry rejects list ${job.file}\` shows them.`,
      });
    }
    await invocation.reply(reject, () => rejectLines(reject, invocation.terminal.paint));
    return exitCodes.ok;
  },
};
