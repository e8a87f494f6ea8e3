import type { JobSpec } from "../../job/job-spec.ts";
import type { SyncSpec } from "../../job/sync-spec.ts";
import { planJob, type JobPlan } from "../../run/plan-job.ts";
import { planSync, type SyncPlan } from "../../run/plan-sync.ts";
import { exitCodes, exitOfCode, type ExitCode } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadAnyJob, type LoadedJob } from "../load-job.ts";
import { plainText, wrapText } from "../render/plain-text.ts";

export const plan: Command = {
  run: async (invocation) => {
    const job = await loadAnyJob(invocation, invocation.arg(0));
    const found = await lookWithJob(invocation, job, ({ spec }, context): Promise<JobPlan | SyncPlan> =>
      spec.kind === "sync" ? planSync(spec, context) : planJob(spec, context),
    );
    await invocation.reply(found, () => lines(invocation, job, found));
    return exitOf(found);
  },
};

/** A plan that would stop fails here as the run would, so that a review notices. */
function exitOf(found: JobPlan | SyncPlan): ExitCode {
  if (found.action !== "refuse") return exitCodes.ok;
  return exitOfCode(found.problems[0]?.split(":")[0] ?? "");
}

function lines({ terminal, self }: Invocation, { file, spec }: LoadedJob<JobSpec | SyncSpec>, found: JobPlan | SyncPlan): string[] {
  const { paint, width } = terminal;
  const body = found.lines.flatMap((line) => {
    const [first = "", ...rest] = wrapText(plainText(line), width - 4);
    const colour = line.startsWith("✗") ? paint.red : line.startsWith("! ") ? paint.yellow : (text: string) => text;
    return [`  ${colour(first)}`, ...rest.map((part) => `    ${colour(part)}`)];
  });
  const works = spec.kind === "sync" && found.action !== "refuse" ? ["", "Next:", `  ${self} sync run ${file}`] : [];
  const runs = found.action === "copy" || found.action === "resume" ? ["", "Next:", `  ${self} migrate ${file}`] : [];
  const prove = found.action === "verify" ? ["", "Next:", `  ${self} verify ${file}`] : [];
  return [paint.bold(found.job), ...body, ...runs, ...prove, ...works];
}
