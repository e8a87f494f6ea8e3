import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface ServerStart {
  /** Absolute; the server leaves a note there for the `tableferry table` commands. */
  readonly folder: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A server that was started. What it says goes to its log. */
export interface StartedServer {
  /** Its exit code, or undefined while it runs. */
  exited(): number | undefined;
  /** The last lines of its log, for messages. */
  lastWords(): string;
}

const LOG_FILE = "server.log";

/**
 * Starts `tableferry serve` as a process of its own: in a session of its own, or it would die with the provider; with its output in a
 * file, or Pulumi would wait for its pipes for ever; and with chosen variables only, because the provider's hold the passphrase and
 * the configuration of the stack.
 */
export function startServer({ folder, dataDir, port, env }: ServerStart): StartedServer {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const logFile = join(dataDir, LOG_FILE);
  const log = openSync(logFile, "a", 0o600);
  let exit: number | undefined;
  try {
    const args = [command(), "serve", "--data-dir", dataDir, "--port", String(port), "--json"];
    const child = spawn(process.execPath, args, { cwd: folder, detached: true, stdio: ["ignore", log, log], env: allowed(env) });
    child.once("exit", (code) => (exit = code ?? 1)).once("error", () => (exit = 1));
    child.unref();
  } finally {
    closeSync(log);
  }
  return { exited: () => exit, lastWords: () => readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-5).join("\n") };
}

/** The command of this very package: as source in a checkout, compiled in an installed one. */
function command(): string {
  const self = fileURLToPath(import.meta.url);
  return fileURLToPath(new URL(self.endsWith(".ts") ? "../../src/cli/main.ts" : "../../src/cli/main.js", import.meta.url));
}

/** What a process needs to run at all, and nothing that says who we are elsewhere. */
function allowed(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const names = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|NODE_EXTRA_CA_CERTS)$/i;
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value !== undefined && names.test(name) ? [[name, value]] : [])),
  );
}
