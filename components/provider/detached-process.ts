import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export interface DetachedStart {
  /** Of `tableferry`, the command of this very package. */
  readonly args: readonly string[];
  /** Absolute. */
  readonly folder: string;
  /** Absolute; what the process says goes to its end. */
  readonly logFile: string;
  /** Chosen already, see `allowedEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
}

export interface DetachedProcess {
  /** Undefined where it could not be started at all. */
  readonly pid: number | undefined;
  /** Its exit code, or undefined while it runs. */
  exited(): number | undefined;
}

/**
 * Starts the `tableferry` command as a process of its own: in a session of its own, or it would die with the provider; and with its output in a
 * file, or Pulumi would wait for its pipes for ever.
 */
export function startDetached({ args, folder, logFile, env }: DetachedStart): DetachedProcess {
  mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
  const log = openSync(logFile, "a", 0o600);
  let exit: number | undefined;
  try {
    const child = spawn(process.execPath, [...command(), ...args], { cwd: folder, detached: true, stdio: ["ignore", log, log], env });
    child.once("exit", (code) => (exit = code ?? 1)).once("error", () => (exit = 1));
    child.unref();
    return { pid: child.pid, exited: () => exit };
  } finally {
    closeSync(log);
  }
}

/** The last lines of a log, for messages; empty where there is none. @param from bytes that are of earlier processes */
export function lastWords(logFile: string, from = 0): string {
  try {
    return readFileSync(logFile).subarray(from).toString("utf8").trimEnd().split("\n").slice(-5).join("\n");
  } catch {
    return "";
  }
}

/** Bytes of a log so far. */
export function logLength(logFile: string): number {
  return statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * This very package: as source in a checkout, where mappings must find the library as source too; compiled in an installed one. Found by its name,
 * because compiled code does not lie where its source does.
 */
function command(): readonly string[] {
  const home = dirname(createRequire(import.meta.url).resolve("tableferry/package.json"));
  return import.meta.url.endsWith(".ts")
    ? ["--conditions=tableferry-source", join(home, "src/cli/main.ts")]
    : [join(home, "dist/src/cli/main.js")];
}

const needed = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|NODE_EXTRA_CA_CERTS)$/i;

/**
 * What a process needs to run at all, and nothing that says who we are elsewhere: the provider's environment holds the passphrase and the
 * configuration of the stack.
 * @param more names further variables, such as those of credentials
 */
export function allowedEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  more: (name: string) => boolean = () => false,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value !== undefined && (needed.test(name) || more(name)) ? [[name, value]] : [])),
  );
}
