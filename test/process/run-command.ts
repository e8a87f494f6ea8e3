import { spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

export interface Ended {
  /** Null when a signal ended it. */
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A `tableferry` process under way. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** The first line of standard output; rejects when the process ends without one. */
  readonly firstLine: Promise<string>;
  /** Resolves with the text on standard error once it matches; rejects when the process ends without. */
  saying(pattern: RegExp): Promise<string>;
  signal(name: NodeJS.Signals): void;
  out(): string;
  /** Stops reading its output, as `head` does. */
  closeOut(): void;
}

/** A folder of its own with what a user would have in it, and `tableferry` run there as real processes. */
export class Workplace implements AsyncDisposable {
  readonly folder: string;
  readonly env: Record<string, string> = {};
  readonly #running = new Set<Running>();

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.folder = mkdtempSync(join(realpathSync(tmpdir()), "tableferry-cli-"));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Runs a command to its end. */
  run(...args: string[]): Promise<Ended> {
    return this.start(args).ended;
  }

  /** Runs a command that must succeed; what it printed. */
  async must(...args: string[]): Promise<string> {
    const { exit, out, err } = await this.run(...args);
    if (exit !== 0) throw new Error(`tableferry ${args.join(" ")} ended with ${String(exit)}:\n${out}${err}`);
    return out;
  }

  start(args: readonly string[], input = ""): Running {
    const running = started(args, this.folder, this.env, input);
    this.#running.add(running);
    void running.ended.then(() => this.#running.delete(running));
    return running;
  }

  /** A server on a free port; resolves when it listens. */
  async serve(...args: string[]): Promise<Running & { readonly endpoint: string; readonly keysFile: string }> {
    const running = this.start(["serve", "--port", "0", "--json", ...args]);
    const { endpoint, keysFile }: { endpoint: string; keysFile: string } = JSON.parse(await running.firstLine);
    return { ...running, endpoint, keysFile };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) running.signal("SIGKILL");
    await Promise.all([...this.#running].map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Nothing of the test's own environment that could change what a user would see. */
function plainEnvironment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(TABLESTORE_|TABLEFERRY_|PULUMI_|npm_|NO_COLOR|FORCE_COLOR|NODE_OPTIONS|VITEST)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

function started(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>, input: string): Running {
  const child = spawn(process.execPath, ["--conditions=tableferry-source", main, ...args], {
    cwd,
    env: plainEnvironment(env),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const said = { out: "", err: "" };
  const watchers = new Set<() => void>();
  const listen = (stream: "out" | "err") => (text: string) => {
    said[stream] += text;
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding("utf8").on("data", listen("out"));
  child.stderr.setEncoding("utf8").on("data", listen("err"));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const ended = new Promise<Ended>((resolve) => child.once("close", (exit, signal) => resolve({ exit, signal, ...said })));
  /** Asks after every output until the answer is defined. */
  const until = (what: string, ask: () => string | undefined) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const answer = ask();
        if (answer === undefined) return;
        watchers.delete(look);
        resolve(answer);
      };
      watchers.add(look);
      void ended.then(({ out, err, exit }) =>
        reject(new Error(`tableferry ${args.join(" ")} ended with ${String(exit)} before ${what}:\n${out}${err}`)),
      );
      look();
    });
  const firstLine = until("its first line", () => /^(.*)\n/.exec(said.out)?.[1]);
  // Who waits for the end only is not to be told of a missing line.
  firstLine.catch(() => {});
  return {
    pid: child.pid ?? 0,
    ended,
    firstLine,
    saying: (pattern) => until(`saying ${String(pattern)}`, () => pattern.exec(said.err)?.[0]),
    signal: (name) => void child.kill(name),
    out: () => said.out,
    closeOut: () => void child.stdout.destroy(),
  };
}
