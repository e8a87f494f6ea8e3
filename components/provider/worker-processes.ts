import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Clock, ProcessOwner } from "../../src/index.ts";
import { allowedEnvironment, lastWords, logLength, startDetached } from "./detached-process.ts";
import { library } from "./library.ts";

/**
 * Workers of a sync on this machine: `tableferry sync run` as processes of their own, which outlive `pulumi up`. Each has a place, a whole number from
 * 1 on, and beside the job's file a folder of the job's name holds `worker-<place>.json` (which process it is) and `worker-<place>.log`. So
 * whoever comes later finds, counts and stops them; nothing is remembered in this process.
 */
export interface WorkersPlace {
  /** Absolute, of the job's file; ends in `.json`. */
  readonly file: string;
}

/** A worker that was started once. */
export interface WorkerProcess {
  readonly place: number;
  readonly owner: ProcessOwner;
  /** What it was started with, see `startWorker`. */
  readonly settings: WorkerSettings;
  /** Where its own lines begin in the log of its place. */
  readonly logFrom: number;
}

/** What a running worker has in its memory, as two fingerprints. */
export interface WorkerSettings {
  /** The job itself: workers of two of these must never run at once. */
  readonly jobId: string;
  /** All else that a worker reads once, when it starts. */
  readonly manner: string;
}

const POLL_MS = 50;

/** Those that surely run, by place. */
export async function livingWorkers(at: WorkersPlace): Promise<readonly WorkerProcess[]> {
  const { livesHere } = await library();
  return recordedWorkers(at).filter(({ owner }) => livesHere(owner));
}

/** The same worker, or undefined once it runs no more. */
export async function isLiving({ owner }: WorkerProcess): Promise<boolean> {
  return (await library()).livesHere(owner);
}

/**
 * Starts a worker in a place that is free. Whether it comes to anything, its record in the job's state tells, or the end of its log.
 * @param folder absolute, of the project
 * @param more variables of `env` that it needs beside the usual ones: those of credentials
 * @throws TF_SERVER_START when the system starts no process
 */
export async function startWorker(at: WorkersPlace, place: number, { settings, folder, env, more }: WorkerStart): Promise<WorkerProcess> {
  const { ownerOf, TableferryError } = await library();
  const logFrom = logLength(logOf(at, place));
  const started = startDetached({
    // A job's file says `mirror` by name, and nobody sits before a worker to be asked.
    args: ["sync", "run", at.file, "--quiet", "--yes"],
    folder,
    logFile: logOf(at, place),
    env: allowedEnvironment(env, more),
  });
  const owner = started.pid === undefined ? undefined : ownerOf(started.pid);
  if (owner === undefined)
    throw new TableferryError("TF_SERVER_START", { message: `worker ${String(place)} could not be started`, place: at.file });
  const worker = { place, owner, settings, logFrom };
  // At once and whole: a provider killed after this leaves a worker that is found, and never half a file.
  const file = recordOf(at, place);
  writeFileSync(`${file}.new`, JSON.stringify({ owner, settings, logFrom }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return worker;
}

export interface WorkerStart {
  readonly settings: WorkerSettings;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly more: (name: string) => boolean;
}

/**
 * Asks a worker to finish what is under way, checkpoint and give its channels back, and waits for its end; one that does not end in time is killed,
 * which loses nothing: its channels are taken over once its session is over (R2). Processes that are not ours are never signalled.
 */
export async function stopWorker(
  at: WorkersPlace,
  worker: WorkerProcess,
  { clock, patienceMs }: { readonly clock: Clock; readonly patienceMs: number },
): Promise<"ended" | "killed"> {
  const signalled = await signal(worker, "SIGTERM");
  let how: "ended" | "killed" = "ended";
  if (signalled && !(await gone(worker, clock, patienceMs))) {
    how = "killed";
    if (await signal(worker, "SIGKILL")) await gone(worker, clock, patienceMs);
  }
  forgetWorker(at, worker.place);
  return how;
}

/** Takes away what says that there is a worker in a place; its log stays. */
export function forgetWorker(at: WorkersPlace, place: number): void {
  rmSync(recordOf(at, place), { force: true });
}

/** The last lines that a worker has written, for messages; empty where it wrote none. */
export function lastWordsOf(at: WorkersPlace, { place, logFrom }: WorkerProcess): string {
  return lastWords(logOf(at, place), logFrom);
}

/** Writes the job's file, whole or not at all. */
export function writeJobFile({ file }: WorkersPlace, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** Takes the job's file and the records of its workers away; logs stay. */
export function removeJobFile(at: WorkersPlace): void {
  for (const { place } of recordedWorkers(at)) forgetWorker(at, place);
  rmSync(at.file, { force: true });
}

export function folderOf({ file }: WorkersPlace): string {
  return join(dirname(file), basename(file, ".json"));
}

const recordOf = (at: WorkersPlace, place: number) => join(folderOf(at), `worker-${String(place)}.json`);
export const logOf = (at: WorkersPlace, place: number) => join(folderOf(at), `worker-${String(place)}.log`);

/** Those that were started and not taken away since, whether they run or not. */
export function recordedWorkers(at: WorkersPlace): readonly WorkerProcess[] {
  const places = names(folderOf(at)).flatMap((name) => {
    const place = /^worker-(\d+)\.json$/.exec(name)?.[1];
    return place === undefined ? [] : [Number(place)];
  });
  return places.toSorted((a, b) => a - b).flatMap((place) => read(at, place));
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A record that cannot be read says nothing of any process. */
function read(at: WorkersPlace, place: number): readonly WorkerProcess[] {
  try {
    const { owner, settings, logFrom } = JSON.parse(readFileSync(recordOf(at, place), "utf8")) as Omit<WorkerProcess, "place">;
    return typeof owner.pid === "number" && typeof settings.jobId === "string" ? [{ place, owner, settings, logFrom }] : [];
  } catch {
    return [];
  }
}

/** False: it runs no more. */
async function signal(worker: WorkerProcess, name: NodeJS.Signals): Promise<boolean> {
  if (!(await isLiving(worker))) return false;
  try {
    process.kill(worker.owner.pid, name);
    return true;
  } catch {
    return false;
  }
}

async function gone(worker: WorkerProcess, clock: Clock, patienceMs: number): Promise<boolean> {
  for (const end = clock.monotonic() + patienceMs; await isLiving(worker); await clock.sleep(POLL_MS)) {
    if (clock.monotonic() > end) return false;
  }
  return true;
}
