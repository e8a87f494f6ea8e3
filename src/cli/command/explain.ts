import { explainJob } from "../../run/explain-job.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadJob, type LoadedJob } from "../load-job.ts";
import { explanationLines } from "../render/explanation.ts";

export const explain: Command = {
  run: async (invocation) => {
    const job = await loadJob(invocation, invocation.arg(0));
    const shown = invocation.flag("mask") ? masked(job) : job;
    const words = invocation.args.slice(1);
    const explanation = await lookWithJob(invocation, shown, ({ spec }, context) => explainJob(spec, keyOf(words), context));
    await invocation.reply(explanation, () => explanationLines(explanation, invocation.terminal));
    return exitCodes.ok;
  },
};

/** One word may be a key as reports print it (`customer=alice,order=17`) or a JSON object; several are a column each. */
function keyOf(words: readonly string[]): string | readonly string[] {
  const [only = "", ...others] = words;
  return others.length === 0 && (/[",]/.test(only) || only.startsWith("{")) ? only : words;
}

function masked(job: LoadedJob): LoadedJob {
  return { ...job, spec: { ...job.spec, verify: { ...job.spec.verify, maskValues: true } } };
}
