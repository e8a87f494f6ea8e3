import { readFile, readdir } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { TableferryError, toError } from "../base/error.ts";
import { nearestName } from "../base/nearest-name.ts";
import type { JobSpec } from "../job/job-spec.ts";
import { parseJob } from "../job/parse-job.ts";
import type { Invocation } from "./invocation.ts";

export interface LoadedJob {
  readonly spec: JobSpec;
  /** Absolute folder of the job file, from which its paths resolve. */
  readonly folder: string;
  /** The file as the user named it, for commands we suggest. */
  readonly file: string;
}

const jobFile = /\.(ya?ml|json)$/;

/** The job whose file the user named. @throws TF_USAGE when there is no such file; TF_SPEC_INVALID */
export async function loadJob(invocation: Invocation, file: string): Promise<LoadedJob> {
  const path = resolve(invocation.surroundings.folder, file);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const near = nearestName(file, await filesBeside(invocation, path));
    throw new TableferryError("TF_USAGE", {
      message: `the job file cannot be read: ${toError(error).message.replace(/, (open|read).*$/, "")}`,
      place: file,
      wayOut: `${near === undefined ? "" : `Did you mean \`${near}\`? `}Name a job file, e.g. \`tableferry migrate job.yaml\`; docs/job-file.md shows how to write one.`,
      cause: error,
    });
  }
  return { spec: parseJob(text, file), folder: dirname(path), file };
}

/** Job files of the user's folder, by what they contain: a source and a target on the outermost level. */
export async function jobFilesHere(invocation: Invocation): Promise<readonly string[]> {
  const { folder } = invocation.surroundings;
  const names = (await readdir(folder))
    .filter((name) => jobFile.test(name) && !/^(package|package-lock|tsconfig.*|Pulumi.*)\./.test(name))
    .sort();
  const texts = await Promise.all(names.map((name) => readFile(resolve(folder, name), "utf8").catch(() => "")));
  return names.filter((_, i) => /^\s*["']?source["']?\s*:/m.test(texts[i]!) && /^\s*["']?target["']?\s*:/m.test(texts[i]!));
}

async function filesBeside(invocation: Invocation, path: string): Promise<string[]> {
  const { folder } = invocation.surroundings;
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((name) => jobFile.test(name))
    .map((name) => resolve(dirname(path), name))
    .map((found) => (isAbsolute(path) ? relative(folder, found) : found));
}
