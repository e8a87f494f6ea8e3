import { runCutOver } from "../../run/cut-over-job.ts";
import type { Way } from "../../sync/cut-over/cut-over-record.ts";
import { confirmed } from "../confirm.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadSync } from "../load-job.ts";
import { duration } from "../render/amounts.ts";

function moving(to: Way): Command {
  return {
    run: async (invocation) => {
      const job = await loadSync(invocation, invocation.arg(0));
      const side = to === "back" ? "target" : "source";
      if (!(await confirmed(invocation, `Move the writers of ${job.spec.name} to the ${side}?`))) return exitCodes.failed;
      const result = await lookWithJob(invocation, job, ({ spec }, context) => runCutOver(spec, to, context));
      await invocation.reply(result, () => [
        result.outcome === "nothing-to-do"
          ? `Writers go to the ${side} already.`
          : `Writers go to the ${side}. For ${duration(result.fenceSeconds)} neither side took writes.`,
      ]);
      return exitCodes.ok;
    },
  };
}

export const cutoverRun = moving("back");
export const cutoverBack = moving("forward");
