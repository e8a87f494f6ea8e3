import { spawn } from "node:child_process";
import { once } from "node:events";
import type { WriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseCaseLine, type CaseLine, type Question } from "./case-line.ts";
import { newTally, type Tally } from "./tally.ts";

/** A program that runs the cases of one SDK. */
export interface CaseProgram {
  readonly sdk: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Where it is run, and may leave files. */
  readonly folder: string;
}

export interface CaseRun {
  /** Told each line for people as it comes. */
  readonly say: (line: string) => void;
  /** Takes what the program and its SDK say besides: logs, traces. */
  readonly log: WriteStream;
  readonly answer: (question: Question) => Promise<object>;
  /** A program that takes longer is stopped, and has failed. */
  readonly timeoutMs: number;
}

/** Runs all cases of a program and counts them. A program that dies on the way has failed, whatever it said before. */
export async function runCases(program: CaseProgram, { say, log, answer, timeoutMs }: CaseRun): Promise<Tally> {
  const { sdk, command, args, env, folder } = program;
  const tally = newTally(sdk);
  const started = performance.now();
  const child = spawn(command, args, { env, cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
  const failure = once(child, "error").then(([error]) => ({ why: `could not be started: ${(error as Error).message}` }));
  const ending = once(child, "exit").then(([code, signal]) => ({
    why: code === 0 ? undefined : `ended early, with ${String(code ?? signal)}`,
  }));
  child.stderr.pipe(log, { end: false });
  child.stdin.on("error", () => undefined);
  const stop = () => child.kill("SIGKILL");
  const patience = setTimeout(stop, timeoutMs);
  process.once("exit", stop);
  const heard = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const said = parseCaseLine(line);
      if (said === undefined) log.write(`${line}\n`);
      else if ("ask" in said) child.stdin.write(`${JSON.stringify(await answerOrError(answer, said))}\n`);
      else count(tally, said, say);
    }
  })();
  const { why } = await Promise.race([failure, ending]);
  clearTimeout(patience);
  process.off("exit", stop);
  if (child.pid !== undefined) await heard;
  tally.seconds = (performance.now() - started) / 1_000;
  if (why !== undefined) count(tally, { case: "all cases", ms: tally.seconds * 1_000, failed: `the program ${why}` }, say);
  return tally;
}

async function answerOrError(answer: CaseRun["answer"], question: Question): Promise<object> {
  try {
    return await answer(question);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function count(tally: Tally, said: Exclude<CaseLine, Question>, say: (line: string) => void): void {
  const name = "notYet" in said ? `not yet: ${said.notYet}` : said.case;
  if (said.failed !== undefined) {
    tally.failed++;
    say(`${tally.sdk}: ${name} … FAILED\n    ${said.failed.replaceAll("\n", "\n    ")}`);
  } else if ("notYet" in said) {
    tally.notYet++;
    say(`${tally.sdk}: ${name} … refused, as it should be`);
  } else {
    tally.passed++;
    say(`${tally.sdk}: ${name} … ok (${said.ms < 1_000 ? `${said.ms.toFixed(0)} ms` : `${(said.ms / 1_000).toFixed(1)} s`})`);
  }
}
