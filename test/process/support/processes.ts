import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** Real processes for tests of crashes: the server and the command as a user runs them, from this checkout's sources. */
const root = resolve(import.meta.dirname, "../../..");
const main = [`--conditions=tableferry-source`, join(root, "src/cli/main.ts")];

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly Record<string, unknown>[];
  readonly stderr: string;
}

export interface Command {
  readonly process: ChildProcess;
  /** JSON lines as they come. */
  readonly lines: Record<string, unknown>[];
  readonly ended: Promise<Ended>;
  /** Resolves at the first line for which `wanted` is true, or when the command ends. */
  until(wanted: (line: Record<string, unknown>) => boolean): Promise<void>;
}

export function startCommand(
  args: readonly string[],
  options: { readonly folder: string; readonly env?: Readonly<Record<string, string>> },
): Command {
  const child = spawn(process.execPath, [...main, ...args], {
    cwd: options.folder,
    env: { ...process.env, ...options.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: Record<string, unknown>[] = [];
  const watchers = new Set<() => void>();
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const reading = createInterface({ input: child.stdout });
  reading.on("line", (line) => {
    if (line.startsWith("{")) lines.push(JSON.parse(line));
    for (const watcher of watchers) watcher();
  });
  const ended = new Promise<Ended>((done) => {
    child.once("close", (code, signal) => {
      for (const watcher of watchers) watcher();
      done({ code, signal, lines, stderr });
    });
  });
  return {
    process: child,
    lines,
    ended,
    until: (wanted) =>
      new Promise((done) => {
        const look = () => {
          if (!lines.some(wanted) && child.exitCode === null && child.signalCode === null) return;
          watchers.delete(look);
          done();
        };
        watchers.add(look);
        look();
      }),
  };
}

export interface RunningServer {
  readonly endpoint: string;
  readonly port: number;
  readonly keysFile: string;
  readonly command: Command;
  kill(): Promise<void>;
}

export async function startServer(folder: string, port = 0): Promise<RunningServer> {
  const args = [
    "serve",
    "--data-dir",
    join(folder, "store"),
    "--port",
    String(port),
    "--instance",
    "legacy",
    "--instance",
    "modern",
    "--json",
  ];
  const command = startCommand(args, { folder });
  await command.until((line) => typeof line["endpoint"] === "string");
  const first = command.lines[0];
  if (first === undefined) throw new Error(`the server did not start: ${(await command.ended).stderr}`);
  const endpoint = String(first["endpoint"]);
  return {
    endpoint,
    port: Number(new URL(endpoint).port),
    keysFile: join(folder, "store", "keys.json"),
    command,
    kill: async () => {
      command.process.kill("SIGKILL");
      await command.ended;
    },
  };
}

/** A folder that is gone, and whose processes are, when the test is over. */
export class Workplace implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "tableferry-process-"));
  readonly #commands: Command[] = [];

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
    const command = startCommand(args, { folder: this.folder, env });
    this.#commands.push(command);
    return command;
  }

  async serve(port?: number): Promise<RunningServer> {
    const server = await startServer(this.folder, port);
    this.#commands.push(server.command);
    return server;
  }

  write(name: string, content: unknown): string {
    writeFileSync(join(this.folder, name), typeof content === "string" ? content : JSON.stringify(content, null, 2));
    return name;
  }

  keys(server: RunningServer): { readonly id: string; readonly secret: string } {
    const { accessKeyId, accessKeySecret }: { accessKeyId: string; accessKeySecret: string } = JSON.parse(
      readFileSync(server.keysFile, "utf8"),
    );
    return { id: accessKeyId, secret: accessKeySecret };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process: child, ended } of this.#commands) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGCONT");
        child.kill("SIGKILL");
      }
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
