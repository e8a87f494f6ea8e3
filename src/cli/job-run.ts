import { systemChance } from "../base/chance.ts";
import { relative, resolve } from "node:path";
import type { JobContext } from "../job/context.ts";
import { confirmed } from "./confirm.ts";
import type { Invocation } from "./invocation.ts";
import { loadJob, type LoadedJob } from "./load-job.ts";
import { progressJson } from "./render/progress-json.ts";
import { progressLines } from "./render/progress-lines.ts";
import type { ProgressView } from "./render/progress-view.ts";
import type { SummaryOptions } from "./render/summary.ts";
import { stopOnInterrupt } from "./stop-signals.ts";

/** Loads the job that the first argument names and gives it a context: progress as the user wants it, interrupts, notes. */
export async function withJob<Result>(
  invocation: Invocation,
  action: (job: LoadedJob, context: JobContext) => Promise<Result>,
): Promise<Result> {
  const job = await loadJob(invocation, invocation.arg(0));
  const view = await viewFor(invocation);
  const stopping = stopOnInterrupt(
    invocation,
    "Stopping at the next checkpoint; run the same command again to go on from there. Ctrl-C again stops at once.",
  );
  const { clock, env } = invocation.surroundings;
  try {
    return await action(job, {
      clock,
      chance: systemChance,
      signal: stopping.signal,
      onProgress: (progress) => view.show(progress),
      folder: job.folder,
      env,
      note: (line) => view.note(line),
      again: invocation.flag("again"),
      confirm: confirmation(invocation, view),
    });
  } finally {
    stopping.end();
    view.end();
  }
}

export function summaryOptions(invocation: Invocation, job: LoadedJob): SummaryOptions {
  const { terminal, self } = invocation;
  const shownPath = (path: string) => relative(invocation.surroundings.folder, resolve(job.folder, path)) || ".";
  return { paint: terminal.paint, width: terminal.width, self, file: job.file, shownPath };
}

/** Undefined where nobody can be asked: the job then stops with a message instead of deleting rows. */
function confirmation(invocation: Invocation, view: ProgressView): JobContext["confirm"] {
  if (invocation.flag("yes")) return async () => true;
  if (!invocation.terminal.canAsk || invocation.json) return undefined;
  return (question) => {
    view.end();
    return confirmed(invocation, question);
  };
}

/** JSON lines for machines, a bar at a terminal, lines in a log, nothing when quiet (warnings excepted). */
async function viewFor({ json, quiet, terminal, surroundings }: Invocation): Promise<ProgressView> {
  if (json) return progressJson((line) => void terminal.out(`${line}\n`));
  const line = (text: string) => terminal.err(`${text}\n`);
  if (quiet) return { show: () => {}, note: line, end: () => {} };
  if (!terminal.errIsScreen) return progressLines(line, surroundings.clock);
  const { progressBar } = await import("./render/progress-bar.ts");
  return progressBar({ stream: terminal.errStream, paint: terminal.errPaint, width: () => terminal.width });
}
