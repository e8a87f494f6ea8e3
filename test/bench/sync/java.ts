import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { systemChance } from "../../../src/base/chance.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { ensureTunnel } from "../../../src/sync/tunnel/tunnel-admin.ts";
import { toolchains } from "../../../tools/sdks/toolchain.ts";
import { writeOrders } from "../write-orders.ts";
import { cpuOf, type SyncBench } from "./sync-bench.ts";

/** The same backlog taken by our worker, which applies it, and by the official Java worker, which only counts. */
export async function againstJava(bench: SyncBench, cache: string, changes: number): Promise<string> {
  const missing = toolchains["java"]!.missing();
  if (missing !== undefined) return `official Java worker: skipped, ${missing}`;
  const log = createWriteStream(join(bench.folder, "java.log"));
  const { command, args } = await toolchains["java"]!.prepare(cache, log);
  const name = "java";
  await bench.makeTable("legacy", name);
  const { path, spec } = bench.job(name, { initial: "none" });
  const first = bench.worker(path);
  await bench.until(spec, 60, ({ phase }) => phase === "in step");
  await bench.stop(first);
  const client = bench.client("legacy");
  const signal = new AbortController().signal;
  const wanted = { tableName: name, tunnelName: "counted", type: "Stream" } as const;
  const { tunnelId } = await ensureTunnel({ client, clock: systemClock, chance: systemChance, signal }, wanted);
  await writeOrders(client, name, changes);
  await client.close();

  const classpath = args.slice(0, -1);
  const { id, secret } = bench.key;
  const told = ["tableferry.sdk.CountRecords", bench.server.endpoint, "legacy", id, secret, tunnelId, String(changes)];
  const child = spawn(command, [...classpath, ...told], { stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  const java: { records: number; seconds: number; cpuSeconds: number } = JSON.parse(output.trim().split("\n").at(-1)!);

  const base = (await bench.status(spec)).counts.changes;
  const worker = bench.worker(path);
  await bench.until(spec, 300, ({ counts }) => counts.changes - base >= changes);
  const cpu = cpuOf(worker.pid!);
  await bench.stop(worker);
  const [ours, theirs] = [changes / cpu, java.records / java.cpuSeconds];
  return `official Java worker, counting only: ${Math.round(theirs).toLocaleString("en")} changes a CPU second, ${Math.round(java.records / java.seconds).toLocaleString("en")}/s; ours with apply: ${Math.round(ours).toLocaleString("en")} a CPU second; ratio ${(ours / theirs).toFixed(2)}`;
}
