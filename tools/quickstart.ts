/**
 * `npm run quickstart`: the main job on this machine alone. Gets what is missing, runs `pulumi up` of stacks/local with the real engine,
 * says what came of it and what to try next. A second run changes nothing and says so.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { TableferryError } from "../src/base/error.ts";
import { runInForeground } from "./foreground.ts";
import { ensurePulumi } from "./pulumi-cli.ts";
import { pulumiEnvironment } from "./pulumi-environment.ts";
import { changesIn, jobFile, stackSummary, type ExportedStack } from "./quickstart/summary.ts";

const checkout = dirname(import.meta.dirname);
const STACK = "local";
const JOB_FILE = ".tableferry/move.yaml";

async function quickstart(): Promise<number> {
  const cli = await ensurePulumi();
  const logs = mkdtempSync(join(tmpdir(), "tableferry-quickstart-"));
  try {
    const eventLog = join(logs, "events.jsonl");
    // The log of events says what an update did, in words for machines; the option for it is behind this variable.
    const env = { ...pulumiEnvironment(checkout, cli, checkout, process.env), PULUMI_DEBUG_COMMANDS: "1" };
    const quiet = (...args: string[]) => spawnSync(cli.bin, args, { cwd: checkout, env, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
    const selected = quiet("stack", "select", "--create", STACK, "--non-interactive");
    if (selected.status !== 0) return failed("pulumi stack select", selected.stderr);
    console.log(`\nRunning pulumi up of stacks/local (the program is stacks/local/index.ts) …\n`);
    const began = performance.now();
    const { code } = await runInForeground(cli.bin, ["up", "--yes", "--stack", STACK, "--event-log", eventLog], { cwd: checkout, env });
    if (code !== 0) {
      console.error("\nThe update did not come to its end. Running `npm run quickstart` again goes on where it stopped.");
      return code ?? 1;
    }
    const exported = quiet("stack", "export", "--stack", STACK);
    if (exported.status !== 0) return failed("pulumi stack export", exported.stderr);
    const stack = JSON.parse(exported.stdout) as ExportedStack;
    writeJobFile(stack);
    const seconds = (performance.now() - began) / 1000;
    console.log(stackSummary(stack, { changes: changesIn(eventLines(eventLog)), seconds, jobFile: JOB_FILE }));
    return 0;
  } finally {
    rmSync(logs, { recursive: true, force: true });
  }
}

/** The second migration as a job file, so that the `tableferry` command can look into it without Pulumi. */
function writeJobFile(stack: ExportedStack): void {
  const text = jobFile(stack);
  const file = join(checkout, JOB_FILE);
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function eventLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}

function failed(command: string, why: string): number {
  console.error(`${command} failed:\n${why.trimEnd()}`);
  return 1;
}

try {
  process.exitCode = await quickstart();
} catch (error) {
  if (!(error instanceof TableferryError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
