import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { RunRequest } from "@pulumi/pulumi/proto/language_pb.js";
import { resolveFrom } from "./pulumi-sdk.ts";
import { parseRuntimeOptions } from "./runtime-options.ts";

/** How a program ended: no error, an error for the user, or `bail`: it has already told the user why it failed. */
export interface ProgramOutcome {
  readonly error: string;
  readonly bail: boolean;
}

/** The exit code of `@pulumi/pulumi/cmd/run` after it has logged the error itself. */
const BAIL_EXIT_CODE = 32;

/** How long an interrupted program may go on; the official host allows the same before it kills. */
const INTERRUPT_GRACE_MS = 5_000;

/** How long output that is still in the pipes may trail an exited program. A grandchild can hold them open for ever. */
const OUTPUT_TRAIL_MS = 1_000;

/** Runs the Pulumi programs of one engine, each in a `node` process of its own, and stops them. */
export class ProgramRunner {
  readonly #engineAddress: string;
  readonly #running = new Set<ChildProcess>();
  readonly #interrupted = new WeakSet<ChildProcess>();
  #cancelled = false;

  constructor(engineAddress: string) {
    this.#engineAddress = engineAddress;
  }

  async run(request: RunRequest): Promise<ProgramOutcome> {
    if (this.#cancelled) return failure("the operation was cancelled before the program started");
    let command: Command;
    try {
      command = programCommand(request, this.#engineAddress);
    } catch (error) {
      return failure(error instanceof Error ? error.message : String(error));
    }
    const child = spawn(process.execPath, command.args, { cwd: command.folder, env: command.env, stdio: ["ignore", "pipe", "pipe"] });
    this.#running.add(child);
    try {
      return await outcomeOf(child);
    } finally {
      this.#running.delete(child);
    }
  }

  /** What the engine asks for at Ctrl-C: interrupt what runs, start nothing more. Returns at once. */
  cancel(): void {
    void this.stop(INTERRUPT_GRACE_MS);
  }

  /** Interrupts every program, waits until they have exited, and kills those that outlive the grace. */
  async stop(graceMs: number): Promise<void> {
    this.#cancelled = true;
    await Promise.all([...this.#running].map((child) => this.#interrupt(child, graceMs)));
  }

  async #interrupt(child: ChildProcess, graceMs: number): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit").catch(() => undefined);
    // Once only: to a program a second interrupt means "leave at once", and only the user may say that.
    if (!this.#interrupted.has(child)) child.kill("SIGINT");
    this.#interrupted.add(child);
    const late = Symbol("late");
    if ((await Promise.race([exited, delay(graceMs, late, { ref: false })])) === late) {
      child.kill("SIGKILL");
      await exited;
    }
  }
}

interface Command {
  readonly args: string[];
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

function programCommand(request: RunRequest, engineAddress: string): Command {
  const place = request.getInfo();
  const folder = place?.getProgramDirectory() || request.getPwd();
  if (request.getAttachDebugger()) {
    throw new Error("tableferry's language host cannot attach a debugger: set runtime.options.nodeargs to --inspect-brk instead");
  }
  const options = parseRuntimeOptions((place?.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>);
  const runScript = resolveFrom(folder, process.env["PULUMI_LANGUAGE_NODEJS_RUN_PATH"] ?? "@pulumi/pulumi/cmd/run");
  if (runScript === undefined) {
    throw new Error(`@pulumi/pulumi is not installed for the program in ${folder}: run "npm install" there`);
  }
  const args = [...options.nodeArguments, runScript];
  const flag = (name: string, value: string) => {
    if (value !== "") args.push(`--${name}`, value);
  };
  flag("monitor", request.getMonitorAddress());
  flag("engine", engineAddress);
  flag("organization", request.getOrganization());
  flag("project", request.getProject());
  flag("root-directory", place?.getRootDirectory() ?? "");
  flag("stack", request.getStack());
  flag("pwd", folder);
  if (request.getDryrun()) args.push("--dry-run");
  flag("parallel", String(request.getParallel()));
  // Flags end at the first word that is none, so the program and its own arguments come last.
  args.push(place?.getEntryPoint() || request.getProgram() || ".", ...request.getArgsList());
  return { args, folder, env: programEnvironment(request, options.typescript, options.tsconfig) };
}

function programEnvironment(request: RunRequest, typescript: boolean, tsconfig: string | undefined): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    ...(typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
    ...(tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: tsconfig }),
  };
}

async function outcomeOf(child: ChildProcess): Promise<ProgramOutcome> {
  // Piped, not inherited: the engine waits for its end of the pipe, and a grandchild that kept it would hang `pulumi up`.
  child.stdout?.pipe(process.stdout, { end: false });
  child.stderr?.pipe(process.stderr, { end: false });
  const closed = once(child, "close").catch(() => undefined);
  let exit: [number | null, NodeJS.Signals | null];
  try {
    exit = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  } catch (error) {
    return failure(`could not start ${process.execPath}: ${error instanceof Error ? error.message : String(error)}`);
  }
  await Promise.race([closed, delay(OUTPUT_TRAIL_MS, undefined, { ref: false })]);
  const [code, signal] = exit;
  if (code === 0) return { error: "", bail: false };
  if (code === BAIL_EXIT_CODE) return { error: "", bail: true };
  if (signal === "SIGABRT" || code === 134) {
    return failure(
      "the program was aborted, most often for lack of memory: raise it with runtime.options.nodeargs --max-old-space-size=<MB>",
    );
  }
  return failure(signal === null ? `the program exited with code ${String(code)}` : `the program was ended by ${signal}`);
}

function failure(error: string): ProgramOutcome {
  return { error, bail: false };
}
