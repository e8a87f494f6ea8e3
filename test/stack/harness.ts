import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { EngineEvent, OpMap } from "@pulumi/pulumi/automation/index.js";
import { ensurePulumi, type PulumiCli } from "../../tools/pulumi-cli.ts";
import { runtimeEnvironment } from "../../tools/pulumi-environment.ts";
import { processesOf, type ProcessEntry } from "./process-list.ts";

const CHECKOUT = join(import.meta.dirname, "..", "..");
const MARK_VARIABLE = "TABLEFERRY_STACK_TEST";

/** For the `beforeAll` that creates the first project of a machine without a Pulumi CLI: it may have to be built. */
export const FIRST_PROJECT_MS = 20 * 60_000;

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when the process was ended by `signal`. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly milliseconds: number;
  /** What the engine reported, in order; of `up` the preview's events come first. */
  readonly events: readonly EngineEvent[];
}

export interface StackProjectOptions {
  /** Text by path below the project folder; `index.ts` is the program unless `main` names another. */
  readonly files: Readonly<Record<string, string>>;
  readonly main?: string;
  /** Stack configuration, plain: `{ "tableferry:rows": "5" }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** `runtime.options.nodeargs`: arguments for the program's `node`. */
  readonly nodeArguments?: string;
  /** Further lines for Pulumi.yaml, such as a `plugins:` section. */
  readonly projectYaml?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Packages to link instead of this checkout's: those of a folder into which tableferry was installed. */
  readonly nodeModules?: string;
}

/** The state as `pulumi stack export` prints it. */
export interface ExportedStack {
  readonly deployment: {
    readonly resources?: readonly ExportedResource[];
    readonly pending_operations?: readonly { readonly type: string; readonly resource: ExportedResource }[];
  };
}

export interface ExportedResource {
  readonly urn: string;
  readonly id?: string;
  readonly type: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly initErrors?: readonly string[];
}

/** A `pulumi` that runs in the background, to be watched, signalled and killed. */
export interface RunningCommand {
  readonly pid: number;
  readonly result: Promise<CommandResult>;
  /** The events so far. */
  events(): EngineEvent[];
  /** What the command has printed so far, both streams. */
  output(): string;
  /** Ctrl-C: SIGINT to the engine's process group, as a terminal does. Plugins have groups of their own. */
  interrupt(): void;
  /** SIGKILL to the engine alone: no time to tell anybody. */
  kill(): void;
}

/**
 * A Pulumi project in a temporary folder, with a stack `test`, its own backend, passphrase and PULUMI_HOME, run by the
 * real CLI. `tableferry/…` and every package of this checkout resolve from it. Dispose it: `await using project = …`.
 */
export class StackProject implements AsyncDisposable {
  /** Where Pulumi.yaml lies. */
  readonly folder: string;
  readonly cli: PulumiCli;
  readonly #base: string;
  readonly #mark = randomUUID();
  readonly #env: NodeJS.ProcessEnv;
  #commands = 0;

  private constructor(base: string, cli: PulumiCli, env: Readonly<Record<string, string>>) {
    this.#base = base;
    this.folder = join(base, "project");
    this.cli = cli;
    this.#env = { ...projectEnvironment(base, cli), ...env, [MARK_VARIABLE]: this.#mark };
  }

  static async create(options: StackProjectOptions): Promise<StackProject> {
    const cli = await ensurePulumi();
    // The real path, because programs see the one the kernel tells them.
    const base = mkdtempSync(join(realpathSync(tmpdir()), "tableferry-stack-"));
    const project = new StackProject(base, cli, options.env ?? {});
    try {
      layOut(project.folder, options);
      await project.expect(["stack", "init", "test"]);
      for (const [key, value] of Object.entries(options.config ?? {}))
        await project.expect(["config", "set", "--stack", "test", key, value]);
      return project;
    } catch (error) {
      await project[Symbol.asyncDispose]();
      throw error;
    }
  }

  up(...args: string[]): Promise<CommandResult> {
    return this.start("up", ...args).result;
  }

  preview(...args: string[]): Promise<CommandResult> {
    return this.start("preview", ...args).result;
  }

  refresh(...args: string[]): Promise<CommandResult> {
    return this.start("refresh", ...args).result;
  }

  destroy(...args: string[]): Promise<CommandResult> {
    return this.start("destroy", ...args).result;
  }

  /** `pulumi cancel`: takes the stack's lock away, whoever holds it. */
  cancel(): Promise<CommandResult> {
    return this.run("cancel", "--yes", "--stack", "test");
  }

  async exportStack(...args: string[]): Promise<ExportedStack> {
    const { stdout } = await this.expect(["stack", "export", "--stack", "test", ...args]);
    return JSON.parse(stdout) as ExportedStack;
  }

  /** Any other command, as given; `--non-interactive` is added. */
  run(...args: string[]): Promise<CommandResult> {
    return this.#spawn(args, undefined).result;
  }

  /** Starts an operation on the stack in the background, recording its events. */
  start(operation: "up" | "preview" | "refresh" | "destroy", ...args: string[]): RunningCommand {
    this.#commands += 1;
    const eventLog = join(this.#base, `events-${String(this.#commands)}.jsonl`);
    const yes = operation === "preview" ? [] : ["--yes"];
    return this.#spawn([operation, "--stack", "test", "--event-log", eventLog, ...yes, ...args], eventLog);
  }

  /** With what every command of this project runs. */
  get env(): NodeJS.ProcessEnv {
    return this.#env;
  }

  /** What of this project runs now: engines, hosts, programs, providers, and whatever they started. */
  processes(): ProcessEntry[] {
    return processesOf(this.#mark, this.#base);
  }

  writeFile(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Kills what still runs, by id and only what belongs to this project, and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await eventually("the project's processes are gone", () => {
      for (const { pid } of this.processes()) killQuietly(pid);
      return this.processes().length === 0 || undefined;
    });
    rmSync(this.#base, { recursive: true, force: true });
  }

  /** Runs a command that must succeed. */
  private async expect(args: readonly string[]): Promise<CommandResult> {
    const result = await this.run(...args);
    if (result.exitCode !== 0) throw new Error(`pulumi ${args.join(" ")} failed:\n${result.stdout}${result.stderr}`);
    return result;
  }

  #spawn(args: readonly string[], eventLog: string | undefined): RunningCommand {
    const started = performance.now();
    // A process group of its own, so that Ctrl-C can be sent to it without reaching the test.
    const child = spawn(this.cli.bin, [...args, "--non-interactive", "--color", "never"], {
      cwd: this.folder,
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const texts = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (texts.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (texts.stderr += text));
    const events = () => readEvents(eventLog);
    const pid = child.pid ?? 0;
    return {
      pid,
      result: ending(child).then(({ exitCode, signal }) => ({
        ...texts,
        exitCode,
        signal,
        milliseconds: performance.now() - started,
        events: events(),
      })),
      events,
      output: () => texts.stdout + texts.stderr,
      interrupt: () => process.kill(-pid, "SIGINT"),
      kill: () => process.kill(pid, "SIGKILL"),
    };
  }
}

/** The engine's own count of what an operation did, e.g. `{ create: 1, same: 2 }`; the update's, where a preview went before. */
export function changesOf(result: CommandResult): OpMap {
  const summary = result.events.findLast((event) => event.summaryEvent !== undefined)?.summaryEvent;
  if (summary === undefined) throw new Error(`there is no summary in the events:\n${result.stdout}${result.stderr}`);
  return summary.resourceChanges;
}

/** What the engine, the program and the providers logged for the user to keep: neither debug lines nor passing progress. */
export function messagesOf(result: CommandResult): string[] {
  return result.events.flatMap(({ diagnosticEvent: log }) => {
    // The log file carries the debug lines too, which the SDK's type does not know of.
    const severity: string | undefined = log?.severity;
    return log === undefined || log.ephemeral === true || severity === "debug" ? [] : [`${log.severity}: ${log.message.trimEnd()}`];
  });
}

/** Waits for what other processes do: asks until the answer is defined, and says what was awaited when it never is. */
export async function eventually<T>(what: string, ask: () => T | undefined, withinMs = 30_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${String(withinMs)} ms: ${what}`);
    await delay(20);
  }
}

/** Nothing of the developer's own Pulumi, Node or vitest settings may decide a test. */
function projectEnvironment(base: string, cli: PulumiCli): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PULUMI_|VITEST|TABLEFERRY_|NODE_|npm_|TF_)/.test(name));
  return {
    ...runtimeEnvironment(CHECKOUT, cli, Object.fromEntries(inherited)),
    PULUMI_HOME: join(base, "home"),
    PULUMI_BACKEND_URL: pathToFileURL(join(base, "state")).href,
    PULUMI_CONFIG_PASSPHRASE: "of a test",
    PULUMI_SKIP_UPDATE_CHECK: "1",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
    // Gives --event-log.
    PULUMI_DEBUG_COMMANDS: "1",
  };
}

function layOut(folder: string, { files, main, nodeArguments, projectYaml, nodeModules }: StackProjectOptions): void {
  mkdirSync(join(folder, "..", "state"), { recursive: true });
  const modules = join(folder, "node_modules");
  mkdirSync(folder, { recursive: true });
  if (nodeModules !== undefined) symlinkSync(nodeModules, modules);
  else linkCheckout(modules);
  const nodeLine = nodeArguments === undefined ? "" : `    nodeargs: ${JSON.stringify(nodeArguments)}\n`;
  const runtime = `runtime:\n  name: nodejs\n  options:\n    typescript: false\n${nodeLine}`;
  const yaml = `name: tableferry-test\n${runtime}main: ${main ?? "index.ts"}\n${projectYaml ?? ""}`;
  for (const [path, text] of Object.entries({ "package.json": '{ "type": "module" }\n', "Pulumi.yaml": yaml, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function linkCheckout(modules: string): void {
  mkdirSync(modules);
  // One link an entry, not one for all: this checkout must appear among its own dependencies.
  const installed = join(CHECKOUT, "node_modules");
  for (const name of readdirSync(installed)) symlinkSync(join(installed, name), join(modules, name));
  symlinkSync(CHECKOUT, join(modules, "tableferry"));
}

/** The log grows while it is read: a last line without its end is not there yet. */
function readEvents(file: string | undefined): EngineEvent[] {
  if (file === undefined || !existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as EngineEvent);
}

async function ending(child: ChildProcess): Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }> {
  // "close", so that all output has been read; its arguments are those of "exit".
  const [exitCode, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { exitCode, signal };
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}
