import { execFile, spawn } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { TableferryError, toError } from "../../base/error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The Pulumi CLI, run in the user's folder and environment. */
export interface PulumiCommand {
  readonly path: string;
  /** What it prints on standard output. @throws TF_PULUMI_FAILED with what it complained about */
  ask(args: readonly string[]): Promise<string>;
  /** Runs it with its output on standard error, for people to see. @throws TF_PULUMI_FAILED */
  perform(args: readonly string[]): Promise<void>;
}

/** @param given path of the CLI, when the user names one. @throws TF_PULUMI_CLI when there is none */
export function pulumiCommand(given: string | undefined, folder: string, env: Environment): PulumiCommand {
  const path = given ?? findPulumi(env);
  if (path === undefined || !isExecutable(path)) {
    const message = path === undefined ? "there is no `pulumi` on PATH" : "this is no program that can be run";
    throw new TableferryError("TF_PULUMI_CLI", { message, place: path, wayOut: "Put the Pulumi CLI on PATH, or name it: --pulumi PATH." });
  }
  const childEnv: NodeJS.ProcessEnv = { ...env, ...checkoutSettings(folder, env), PULUMI_SKIP_UPDATE_CHECK: "1" };
  return {
    path,
    ask: (args) =>
      new Promise((resolve, reject) => {
        execFile(
          path,
          [...args, "--non-interactive", "--color", "never"],
          { cwd: folder, env: childEnv, maxBuffer: 256 * 1024 * 1024 },
          (error, stdout, stderr) => {
            if (error === null) resolve(stdout);
            else reject(failed(args, stderr || stdout || error.message));
          },
        );
      }),
    perform: (args) =>
      new Promise((resolve, reject) => {
        const child = spawn(path, [...args, "--non-interactive"], { cwd: folder, env: childEnv, stdio: ["ignore", 2, 2] });
        child.once("error", (error) => reject(failed(args, toError(error).message)));
        child.once("close", (code) =>
          code === 0 ? resolve() : reject(failed(args, `it ended with code ${String(code)}; its own message stands above`)),
        );
      }),
  };
}

function failed(args: readonly string[], complaint: string): TableferryError {
  const lines = complaint.trim().split("\n").slice(0, 6).join("\n");
  return new TableferryError("TF_PULUMI_FAILED", { message: `\`pulumi ${args.join(" ")}\` failed: ${lines}` });
}

/** On PATH, else the newest that the Automation API or this project's tools have fetched or built. */
function findPulumi(env: Environment): string | undefined {
  const versions = join(env["PULUMI_HOME"] || join(homedir(), ".pulumi"), "versions");
  const fetched = existsSync(versions) ? readdirSync(versions).sort((a, b) => b.localeCompare(a, "en", { numeric: true })) : [];
  const folders = [...(env["PATH"] ?? "").split(delimiter).filter(isAbsolute), ...fetched.map((version) => join(versions, version, "bin"))];
  return folders.map((folder) => join(folder, "pulumi")).find(isExecutable);
}

/**
 * In a checkout `npm run pulumi` keeps state and passphrase in `.tableferry`; whoever unlocks such a stack means the same
 * ones. What the user has set stays.
 */
function checkoutSettings(folder: string, env: Environment): Record<string, string> {
  const home = upwards(folder, join(".tableferry", "pulumi-state"));
  const settings: Record<string, string> = {};
  if (home !== undefined && env["PULUMI_BACKEND_URL"] === undefined) settings["PULUMI_BACKEND_URL"] = pathToFileURL(home).href;
  const passphrase = upwards(folder, join(".tableferry", "passphrase"));
  if (passphrase !== undefined && env["PULUMI_CONFIG_PASSPHRASE"] === undefined && env["PULUMI_CONFIG_PASSPHRASE_FILE"] === undefined) {
    settings["PULUMI_CONFIG_PASSPHRASE_FILE"] = passphrase;
  }
  // Run from source, the stack's provider must find our source too.
  if (import.meta.url.endsWith(".ts")) settings["NODE_OPTIONS"] = `${env["NODE_OPTIONS"] ?? ""} --conditions=tableferry-source`.trim();
  return settings;
}

/** The path of a file or folder in this folder or the nearest one above it. */
export function upwards(folder: string, name: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, name);
    if (existsSync(path)) return path;
    if (dirname(at) === at) return undefined;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
