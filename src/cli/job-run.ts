import { relative, resolve } from "node:path";
import { systemChance } from "../base/chance.ts";
import { TableferryError } from "../base/error.ts";
import type { JobContext } from "../job/context.ts";
import type { EndpointSpec } from "../job/endpoint-spec.ts";
import type { JobSpec } from "../job/job-spec.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { ServiceError } from "../wire/service-error.ts";
import { confirmed } from "./confirm.ts";
import type { Invocation } from "./invocation.ts";
import { loadJob, type LoadedJob } from "./load-job.ts";
import { PlacedError } from "./placed-error.ts";
import { plainText } from "./render/plain-text.ts";
import { progressJson } from "./render/progress-json.ts";
import { progressLines } from "./render/progress-lines.ts";
import type { ProgressView } from "./render/progress-view.ts";
import type { SummaryOptions } from "./render/summary.ts";
import { stopOnInterrupt } from "./stop-signals.ts";

type AnyJob = LoadedJob<JobSpec | SyncSpec>;
type Action<Result, Job extends AnyJob = LoadedJob> = (job: Job, context: JobContext) => Promise<Result>;

/** Runs something that takes its time on the job that the first argument names: progress, checkpoints, Ctrl-C. */
export async function runWithJob<Result>(invocation: Invocation, action: Action<Result>): Promise<Result> {
  const job = await loadJob(invocation, invocation.arg(0));
  const message = "Stopping at the next checkpoint; the same command goes on from there. Ctrl-C again stops at once.";
  return await withContext(invocation, job, { view: await viewFor(invocation), message }, action);
}

/** Looks at a job; shows no progress, and an interrupt simply ends it. */
export async function lookWithJob<Result, Job extends AnyJob>(
  invocation: Invocation,
  job: Job,
  action: Action<Result, Job>,
): Promise<Result> {
  const note = (text: string) =>
    invocation.terminal.err(invocation.json ? `${JSON.stringify({ type: "note", text })}\n` : `${plainText(text)}\n`);
  return await withContext(invocation, job, { view: { show: () => {}, note, end: () => {} }, message: "Stopping." }, action);
}

interface Manner {
  readonly view: ProgressView;
  /** Said at the first interrupt. */
  readonly message: string;
}

export async function withContext<Result, Job extends AnyJob>(
  invocation: Invocation,
  job: Job,
  { view, message }: Manner,
  action: Action<Result, Job>,
): Promise<Result> {
  const stopping = stopOnInterrupt(invocation, message, () => view.end());
  const { clock, env } = invocation.surroundings;
  const context: JobContext = {
    clock,
    chance: systemChance,
    signal: stopping.signal,
    onProgress: (progress) => view.show(progress),
    folder: job.folder,
    env,
    note: (line) => view.note(plainText(line)),
    again: invocation.flag("again"),
    confirm: confirmation(invocation, view),
  };
  try {
    return await action(job, context);
  } catch (error) {
    throw placed(error, job);
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

/** The service names only its request; a user knows the sides of the job. */
function placed(error: unknown, { spec, file }: AnyJob): unknown {
  if (!(error instanceof ServiceError)) return error;
  return new PlacedError(error, `${file}, ${[...new Set([spec.source, spec.target].flatMap(tableText))].join(" or ")}`);
}

function tableText(side: EndpointSpec): readonly string[] {
  return side.type === "file" ? [] : [`table ${side.table} of instance ${side.instance} at ${side.endpoint}`];
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
export async function viewFor({ json, quiet, terminal, surroundings }: Invocation): Promise<ProgressView> {
  if (json) return progressJson((line) => void terminal.out(`${line}\n`));
  const line = (text: string) => terminal.err(`${text}\n`);
  if (quiet) return { show: () => {}, note: line, end: () => {} };
  if (!terminal.errIsScreen) return progressLines(line, surroundings.clock);
  const { progressBar } = await import("./render/progress-bar.ts");
  return progressBar({ stream: terminal.errStream, width: () => terminal.errStream.columns || terminal.width });
}

/** A command that needs a migration was given a job that only compares. */
export function onlyCompares(job: LoadedJob): TableferryError {
  return new TableferryError("TF_USAGE", {
    message: `${job.spec.name} is a verification: it copies nothing`,
    place: job.file,
    wayOut: `Compare with \`tableferry verify ${job.file}\`, or write \`kind: migration\`.`,
  });
}
