import { planJob, type JobPlan } from "../../run/plan-job.ts";
import { exitCodes, exitOfCode, type ExitCode } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadJob, type LoadedJob } from "../load-job.ts";
import { plainText, wrapText } from "../render/plain-text.ts";

export const plan: Command = {
  run: async (invocation) => {
    const job = await loadJob(invocation, invocation.arg(0));
    const found = await lookWithJob(invocation, job, ({ spec }, context) => planJob(spec, context));
    await invocation.reply(found, () => lines(invocation, job, found));
    return exitOf(found);
  },
};

/** A plan that would stop fails here as the run would, so that a review notices. */
function exitOf(found: JobPlan): ExitCode {
  if (found.action !== "refuse") return exitCodes.ok;
  return exitOfCode(found.problems[0]?.split(":")[0] ?? "");
}

function lines({ terminal, self }: Invocation, { file }: LoadedJob, found: JobPlan): string[] {
  const { paint, width } = terminal;
  const body = found.lines.flatMap((line) => {
    const [first = "", ...rest] = wrapText(plainText(line), width - 4);
    const colour = line.startsWith("✗") ? paint.red : line.startsWith("! ") ? paint.yellow : (text: string) => text;
    return [`  ${colour(first)}`, ...rest.map((part) => `    ${colour(part)}`)];
  });
  const runs = found.action === "copy" || found.action === "resume" ? ["", "Next:", `  ${self} migrate ${file}`] : [];
  const prove = found.action === "verify" ? ["", "Next:", `  ${self} verify ${file}`] : [];
  return [paint.bold(found.job), ...body, ...runs, ...prove];
}
