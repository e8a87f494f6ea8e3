import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import { decodeRows } from "../../../src/wire/plainbuffer/decode.ts";
import { encodeKey } from "../../../src/wire/plainbuffer/encode.ts";
import { ServiceError } from "../../../src/wire/service-error.ts";
import { systemChance } from "../../../src/base/chance.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { StoreAdmin } from "../../../src/client/store-admin.ts";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { parseSync } from "../../../src/job/parse-job.ts";
import type { SyncSpec } from "../../../src/job/sync-spec.ts";
import { syncJobStatus, type SyncJobStatus } from "../../../src/run/sync-job.ts";
import { peakMegabytes } from "../measure.ts";
import type { ServerProcess } from "../server/server-process.ts";
import { ordersTable } from "../orders-table.ts";

const root = join(import.meta.dirname, "../../..");
const command = join(root, "dist/src/cli/main.js");

/** What a bench of replication works with: a server of its own, job files, workers as processes. */
export class SyncBench {
  readonly folder: string;
  readonly server: ServerProcess;
  readonly key: { readonly id: string; readonly secret: string };
  readonly #workers = new Set<ChildProcess>();

  constructor(folder: string, server: ServerProcess) {
    this.folder = folder;
    this.server = server;
    const kept: { accessKeyId: string; accessKeySecret: string } = JSON.parse(readFileSync(server.keys, "utf8"));
    this.key = { id: kept.accessKeyId, secret: kept.accessKeySecret };
  }

  client(instance: string, connections = 32): TableStoreClient {
    return new TableStoreClient({ endpoint: this.server.endpoint, instance, credentials: this.key, connections });
  }

  get admin(): StoreAdmin {
    return new StoreAdmin(this.server.endpoint, () => this.key);
  }

  /** A table with a stream, cut before these partition keys. */
  async makeTable(instance: string, table: string, cuts: readonly string[] = [], originColumns: readonly string[] = []): Promise<void> {
    const client = this.client(instance);
    await client.createTable(ordersTable(table, { enabled: true, expirationHours: 24, originColumns }));
    await client.close();
    for (const cut of cuts) await this.admin.splitPartition(instance, table, cut);
  }

  /** Writes a job file and returns its path and specification. */
  job(name: string, more: object): { readonly path: string; readonly spec: SyncSpec } {
    const side = (instance: string, table: string) => ({
      type: "table-store",
      endpoint: this.server.endpoint,
      instance,
      table,
      credentials: { file: this.server.keys },
    });
    const create = {
      primaryKey: [
        { name: "customer", type: "string" },
        { name: "order", type: "integer" },
      ],
    };
    const { table = name, ...rest } = more as { table?: string };
    const spec = { kind: "sync", name, source: side("legacy", table), target: { ...side("modern", table), create }, ...rest };
    const path = join(this.folder, `${name}.json`);
    writeFileSync(path, JSON.stringify(spec));
    return { path, spec: parseSync(spec) };
  }

  /** A job over all tables of an instance. */
  setJob(name: string, source: string, target: string): string {
    const { path } = this.job(name, {});
    const spec: { source: object; target: object } = JSON.parse(readFileSync(path, "utf8"));
    const { create: _create, ...to } = spec.target as { create: object };
    const sides = { source: { ...spec.source, instance: source, table: "t_*" }, target: { ...to, instance: target, table: "t_*" } };
    writeFileSync(path, JSON.stringify({ ...spec, ...sides }));
    return path;
  }

  async countRows(client: TableStoreClient, tableName: string): Promise<number> {
    const key = (bound: typeof INF_MIN | typeof INF_MAX) =>
      encodeKey([
        { name: "customer", value: bound },
        { name: "order", value: bound },
      ]);
    let count = 0;
    const range = { tableName, direction: "forward", start: key(INF_MIN), end: key(INF_MAX), selection: { maxVersions: 1 } } as const;
    try {
      for await (const page of client.getRangePages(range)) count += page.rows.length === 0 ? 0 : decodeRows(page.rows).length;
    } catch (error) {
      if (error instanceof ServiceError && error.code === "OTSObjectNotExist") return 0;
      throw error;
    }
    return count;
  }

  /** Requests so far, by operation, as the server counts them. */
  async requests(): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(this.server.metrics)).text();
    const counts = new Map<string, number>();
    for (const [, operation, count] of text.matchAll(/^tableferry_requests_total\{operation="([^"]+)",code="[^"]*"\} (\d+)/gm))
      counts.set(operation!, (counts.get(operation!) ?? 0) + Number(count));
    return counts;
  }

  /** A worker as it is installed, compiled. */
  worker(path: string, heard = true): ChildProcess {
    return this.workers([path], heard);
  }

  /** One process for several jobs. */
  workers(paths: readonly string[], heard = true): ChildProcess {
    const child = spawn(process.execPath, [command, "sync", "run", ...paths, "--quiet"], {
      cwd: this.folder,
      stdio: ["ignore", "ignore", heard ? "inherit" : "ignore"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    this.#workers.add(child);
    child.once("exit", () => this.#workers.delete(child));
    return child;
  }

  async stop(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  async stopAll(): Promise<void> {
    for (const child of [...this.#workers]) await this.stop(child, "SIGKILL");
  }

  status(spec: SyncSpec): Promise<SyncJobStatus> {
    const signal = new AbortController().signal;
    return syncJobStatus(spec, { clock: systemClock, chance: systemChance, folder: this.folder, env: process.env, signal });
  }

  /** Looks every `everyMs` until a condition holds; fails after `seconds`. */
  async until(spec: SyncSpec, seconds: number, holds: (status: SyncJobStatus) => boolean, everyMs = 500): Promise<SyncJobStatus> {
    const end = performance.now() + seconds * 1000;
    for (;;) {
      const status = await this.status(spec);
      if (holds(status)) return status;
      if (performance.now() > end)
        throw new Error(`after ${seconds} s: ${status.phase}, ${status.counts.changes} changes, lag ${status.lagMs}`);
      await systemClock.sleep(everyMs);
    }
  }
}

/** User and system CPU of a process so far, in seconds. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export { peakMegabytes };
