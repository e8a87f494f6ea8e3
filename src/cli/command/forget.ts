import { forgetJob } from "../../run/forget-job.ts";
import { confirmed } from "../confirm.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadJob } from "../load-job.ts";
import { counted } from "../render/amounts.ts";

export const forget: Command = {
  run: async (invocation) => {
    const job = await loadJob(invocation, invocation.arg(0));
    const { name } = job.spec;
    if (!(await confirmed(invocation, `Forget checkpoints and rejects of ${name}? The rows in the target stay.`))) return exitCodes.failed;
    const removed = await lookWithJob(invocation, job, ({ spec }, context) => forgetJob(spec, context));
    const text =
      removed === 0
        ? `Nothing is known of ${name}: nothing to forget.`
        : `${name} is forgotten (${counted(removed, "record")} removed). The next migrate starts from the beginning.`;
    await invocation.reply({ job: name, removed }, () => [text]);
    return exitCodes.ok;
  },
};
