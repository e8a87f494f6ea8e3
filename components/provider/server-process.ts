import { join } from "node:path";
import { allowedEnvironment, lastWords, startDetached } from "./detached-process.ts";

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

/** Starts `tableferry serve` as a process of its own. */
export function startServer({ folder, dataDir, port, env }: ServerStart): StartedServer {
  const logFile = join(dataDir, LOG_FILE);
  const args = ["serve", "--data-dir", dataDir, "--port", String(port), "--json"];
  const started = startDetached({ args, folder, logFile, env: allowedEnvironment(env) });
  return { exited: () => started.exited(), lastWords: () => lastWords(logFile) };
}
