import { readFile, readdir } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { TableferryError, toError } from "../base/error.ts";
import { nearestName } from "../base/nearest-name.ts";
import type { JobSpec } from "../job/job-spec.ts";
import { parseAnyJob, parseJob, parseSync } from "../job/parse-job.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import type { Invocation } from "./invocation.ts";

export interface LoadedJob<Spec = JobSpec> {
  readonly spec: Spec;
  /** Absolute folder of the job file, from which its paths resolve. */
  readonly folder: string;
  /** The file as the user named it, for commands we suggest. */
  readonly file: string;
}

const jobFile = /\.(ya?ml|json)$/;

/** The job whose file, or whose name, the user gave. @throws TF_USAGE when there is no such file; TF_SPEC_INVALID */
export function loadJob(invocation: Invocation, given: string): Promise<LoadedJob> {
  return loadWith(invocation, given, parseJob);
}

/** As `loadJob`, a job of kind `sync`. */
export function loadSync(invocation: Invocation, given: string): Promise<LoadedJob<SyncSpec>> {
  return loadWith(invocation, given, parseSync);
}

/** As `loadJob`, a job of any kind. */
export function loadAnyJob(invocation: Invocation, given: string): Promise<LoadedJob<JobSpec | SyncSpec>> {
  return loadWith(invocation, given, parseAnyJob);
}

async function loadWith<Spec>(
  invocation: Invocation,
  given: string,
  parse: (text: string, file: string) => Spec,
): Promise<LoadedJob<Spec>> {
  const { folder } = invocation.surroundings;
  const file = looksLikeFile(given) ? given : ((await fileNamed(given, folder)) ?? given);
  const path = resolve(folder, file);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const near = nearestName(file, await jobFilesBeside(path, folder));
    const hint = near === undefined ? "" : `Did you mean \`${near}\`? `;
    throw new TableferryError("TF_USAGE", {
      message: `the job file cannot be read: ${toError(error).message.replace(/, (open|read).*$/, "")}`,
      place: file,
      wayOut: `${hint}Name a job file, e.g. \`tableferry migrate job.yaml\`; docs/job-file.md shows how to write one.`,
      cause: error,
    });
  }
  return { spec: parse(text, file), folder: dirname(path), file };
}

const looksLikeFile = (given: string) => jobFile.test(given) || given.includes("/");

/** The file of this folder that holds a job of this name. */
async function fileNamed(name: string, folder: string): Promise<string | undefined> {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) return undefined;
  const line = new RegExp(`^\\s*["']?name["']?\\s*:\\s*["']?${name.replaceAll(".", "[.]")}["']?\\s*,?\\s*$`, "m");
  for (const file of await jobFilesHere(folder)) {
    if (line.test(await readFile(resolve(folder, file), "utf8"))) return file;
  }
  return undefined;
}

/** Job files of a folder, by what they contain: a source and a target on the outermost level. */
export async function jobFilesHere(folder: string): Promise<readonly string[]> {
  const names = await filesOf(folder);
  const texts = await Promise.all(names.map((name) => readFile(resolve(folder, name), "utf8").catch(() => "")));
  return names.filter((_, i) => /^\s*["']?source["']?\s*:/m.test(texts[i]!) && /^\s*["']?target["']?\s*:/m.test(texts[i]!));
}

/** As the user would type them. */
async function jobFilesBeside(path: string, folder: string): Promise<string[]> {
  const names = await filesOf(dirname(path));
  return names.map((name) => relative(folder, resolve(dirname(path), name)));
}

async function filesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => jobFile.test(name) && !/^(package|package-lock|tsconfig.*|Pulumi.*)\./.test(name)).sort();
}
