import { forgetJob, forgetSync } from "../../run/forget-job.ts";
import { confirmed } from "../confirm.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadAnyJob } from "../load-job.ts";
import { counted } from "../render/amounts.ts";

export const forget: Command = {
  run: async (invocation) => {
    const job = await loadAnyJob(invocation, invocation.arg(0));
    const { name, kind } = job.spec;
    if (!(await confirmed(invocation, `Forget checkpoints and rejects of ${name}? The rows in the target stay.`))) return exitCodes.failed;
    const removed = await lookWithJob(invocation, job, ({ spec }, context) =>
      spec.kind === "sync" ? forgetSync(spec, context) : forgetJob(spec, context),
    );
    const next = kind === "sync" ? "The next sync run" : "The next migrate";
    const text =
      removed === 0
        ? `Nothing is known of ${name}: nothing to forget.`
        : `${name} is forgotten (${counted(removed, "record")} removed). ${next} starts from the beginning.`;
    await invocation.reply({ job: name, removed }, () => [text]);
    return exitCodes.ok;
  },
};
