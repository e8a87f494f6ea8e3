import { systemClock } from "../base/clock.ts";
import { toError } from "../base/error.ts";
import { exitCodeOf, exitCodes, type ExitCode } from "./exit-code.ts";
import { selfName, type Surroundings } from "./invocation.ts";
import { toolVersion } from "../run/tool-version.ts";
import { runProgram } from "./program.ts";
import { errorDocument, errorScreen } from "./render/error-screen.ts";
import { processTerminal } from "./terminal.ts";

/** The whole life of one `tableferry` process, from its arguments to its exit code. */
export async function runCommandLine(process: NodeJS.Process): Promise<void> {
  const argv = process.argv.slice(2);
  const surroundings = surroundingsOf(process, argv);
  endWithReader(process);
  const exit = await exitOf(argv, surroundings);
  await flushed(process.stdout);
  await flushed(process.stderr);
  // Idle connections and folders being closed must not keep a finished command waiting.
  process.exit(exit);
}

/** Runs one command line; whatever goes wrong is shown, and becomes the exit code. */
export async function exitOf(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  try {
    return await runProgram(argv, surroundings, toolVersion());
  } catch (thrown) {
    const { terminal, env } = surroundings;
    const exit = exitCodeOf(thrown);
    if (argv.includes("--json")) terminal.err(`${JSON.stringify(errorDocument(thrown, exit))}\n`);
    else
      terminal.err(
        errorScreen(thrown, { paint: terminal.errPaint, width: terminal.width, self: selfName(env) })
          .map((line) => `${line}\n`)
          .join(""),
      );
    if (env["TABLEFERRY_DEBUG"] === "1") terminal.err(`${stackOf(thrown)}\n`);
    return exit;
  }
}

function surroundingsOf(process: NodeJS.Process, argv: readonly string[]): Surroundings {
  const { env } = process;
  const forced = env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0" ? true : undefined;
  return {
    terminal: processTerminal(process, argv.includes("--no-color") ? false : forced),
    env,
    // npm runs scripts in the package's folder and says in INIT_CWD where the user stands.
    folder: (env["npm_lifecycle_event"] === "tableferry" ? env["INIT_CWD"] : undefined) ?? process.cwd(),
    clock: systemClock,
    onInterrupt: (listener) => {
      process.on("SIGINT", listener);
      process.on("SIGTERM", listener);
      return () => {
        process.off("SIGINT", listener);
        process.off("SIGTERM", listener);
      };
    },
    exit: (code) => process.exit(code),
  };
}

/** `tableferry … | head` ends when the reader has seen enough: that is no failure. */
function endWithReader(process: NodeJS.Process): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCodes.ok);
    throw error;
  });
  process.stderr.on("error", () => {});
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write("", () => resolve()));
}

function stackOf(thrown: unknown): string {
  const parts: string[] = [];
  for (let error: unknown = thrown; error !== undefined && parts.length < 8; error = error instanceof Error ? error.cause : undefined) {
    const { stack, message } = toError(error);
    parts.push(stack ?? message);
  }
  return parts.join("\ncaused by: ");
}
