import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** A server under measurement: a process of its own, whose first line of output says where it is. */
export class ServerProcess {
  readonly endpoint: string;
  readonly keys: string;
  /** Where its counts are, if it has a page of them. */
  readonly metrics: string;
  readonly #child: ChildProcess;
  static readonly #running = new Set<ServerProcess>();

  private constructor(child: ChildProcess, endpoint: string, keys: string, metrics: string) {
    this.#child = child;
    this.endpoint = endpoint;
    this.keys = keys;
    this.metrics = metrics;
  }

  /** Runs a script with Node; the line it prints is JSON with `endpoint`, and `keysFile` where it has keys. */
  static async start(script: readonly string[], execArgv: readonly string[] = []): Promise<ServerProcess> {
    const child = spawn(process.execPath, [...execArgv, ...script], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const told: { endpoint: string; keysFile?: string; metrics?: string } = JSON.parse(line);
      // What it prints from now on is passed over, so that it never waits for a reader.
      child.stdout.resume();
      const server = new ServerProcess(child, told.endpoint, told.keysFile ?? "", told.metrics ?? "");
      ServerProcess.#running.add(server);
      return server;
    }
    throw new Error(`${script.join(" ")} ended before it said where it is`);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Waits until it takes connections. @throws after so many seconds in vain */
  async answers(seconds: number): Promise<void> {
    const { hostname, port } = new URL(this.endpoint);
    const end = performance.now() + seconds * 1000;
    for (;;) {
      const socket = connect(Number(port), hostname);
      const opened = await once(socket, "connect").then(
        () => true,
        () => false,
      );
      socket.destroy();
      if (opened) return;
      if (performance.now() > end) throw new Error(`${this.endpoint} takes no connections`);
      await sleep(100);
    }
  }

  /** Waits until it does next to nothing by itself. @throws after so many seconds in vain */
  async quiet(seconds: number): Promise<void> {
    for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
      const before = this.cpuSeconds();
      await sleep(1000);
      if (this.cpuSeconds() - before <= 0.02) return;
    }
    throw new Error(`${this.endpoint} is busy without requests`);
  }

  /** Seconds of CPU of all its threads so far; the kernel counts them in hundredths. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Megabytes of memory that belong to no file, now. */
  anonymousMegabytes(): number {
    const line = /RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"));
    return Math.round(Number(line?.[1] ?? 0) / 1024);
  }

  /** Ends what a bench that failed has left running. */
  static async endAll(): Promise<void> {
    for (const server of ServerProcess.#running) await server.end();
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    ServerProcess.#running.delete(this);
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    await ended;
  }
}
