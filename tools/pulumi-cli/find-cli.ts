import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { atLeast, OLDEST_PULUMI_VERSION, PULUMI_VERSION } from "./cli-version.ts";
import { hasOurHost } from "./install-host.ts";

/** A Pulumi CLI that can run this project's programs. */
export interface PulumiCli {
  /** `root/bin/pulumi` is the binary, which is how the Automation API wants it named. */
  readonly root: string;
  readonly bin: string;
  readonly version: string;
  /** Whether the language host beside it is tableferry's own. */
  readonly ours: boolean;
}

const LANGUAGE_HOST = "pulumi-language-nodejs";

/** `$PULUMI_HOME/versions/<version>`, where the Automation API and the npm package `pulumi` look too. */
export function cachedRoot(env: NodeJS.ProcessEnv = process.env): string {
  return join(env["PULUMI_HOME"] || join(homedir(), ".pulumi"), "versions", PULUMI_VERSION);
}

/** The CLI in the cache, if it is complete. */
export function cachedCli(root: string): PulumiCli | undefined {
  const bin = join(root, "bin", "pulumi");
  if (!isExecutable(bin) || !isExecutable(join(root, "bin", LANGUAGE_HOST))) return undefined;
  return { root, bin, version: PULUMI_VERSION, ours: hasOurHost(join(root, "bin")) };
}

/** The first usable CLI on PATH. Those that are there but not usable are explained to `onUnusable`. */
export async function cliOnPath(env: NodeJS.ProcessEnv, onUnusable: (why: string) => void): Promise<PulumiCli | undefined> {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  const hostOnPath = folders.some((folder) => isExecutable(join(folder, LANGUAGE_HOST)));
  for (const folder of folders) {
    const bin = join(folder, "pulumi");
    if (!isExecutable(bin)) continue;
    const version = await versionOf(bin);
    const home = dirname(realpathSync(bin));
    if (version === undefined) onUnusable(`${bin} does not say its version`);
    else if (!atLeast(version, OLDEST_PULUMI_VERSION)) onUnusable(`${bin} is ${version}, older than ${OLDEST_PULUMI_VERSION}`);
    else if (!hostOnPath && !existsSync(join(home, LANGUAGE_HOST))) onUnusable(`${bin} has no ${LANGUAGE_HOST} beside it`);
    else return { root: dirname(folder), bin, version, ours: hasOurHost(home) };
  }
  return undefined;
}

async function versionOf(bin: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(bin, ["version"], {
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "1" },
      timeout: 20_000,
    });
    return stdout.trim().replace(/^v/, "") || undefined;
  } catch {
    return undefined;
  }
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
