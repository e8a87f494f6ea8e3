import { TableferryError } from "../../base/error.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { loadAnyJob } from "../load-job.ts";
import { rejectLines } from "../render/reject-text.ts";
import { rejectsOf } from "./rejects-list.ts";

export const rejectsShow: Command = {
  run: async (invocation) => {
    const number = Number(invocation.arg(1));
    const job = await loadAnyJob(invocation, invocation.arg(0));
    if (!Number.isSafeInteger(number) || number < 1) {
      throw new TableferryError("TF_USAGE", {
        message: `${JSON.stringify(invocation.arg(1))} is no number of a reject`,
        wayOut: `\`tableferry rejects list ${job.file}\` numbers them from 1.`,
      });
    }
    const { rejects, all } = await rejectsOf(invocation, job, number);
    const reject = rejects[number - 1];
    if (reject === undefined) {
      throw new TableferryError("TF_USAGE", {
        message: `the job ${job.spec.name} has ${all} rejects`,
        place: `reject ${number}`,
        wayOut: `\`tableferry rejects list ${job.file}\` shows them.`,
      });
    }
    await invocation.reply(reject, () => rejectLines(reject, invocation.terminal.paint));
    return exitCodes.ok;
  },
};
