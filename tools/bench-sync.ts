/**
 * `npm run bench:sync [-- only=cells,look-up,workers,java,lag,idle,take-over,tables changes=2000000]`: what keeping a target in step costs.
 *
 * Question: changes a second through one worker in *cells* and *look-up* mode and through 4 worker processes on 8 channels; peak memory; lag from commit
 * to applied under steady writes and for lone changes; requests while idle; seconds of a take-over; 300 tables through one worker.
 * Corpus: test/bench/corpus.ts, orders of about 300 bytes and 10 columns, each change a put of a row. Knobs: `changes`, `only`, `seconds`.
 * Server (both sides, LevelDB, synced) and workers are processes of their own, compiled; the machine has two cores for all of them. The first
 * 30 s of a backlog are left out where it lasts longer.
 * Pass lines: one worker >= 40,000 changes/s in cells and >= 10,000 in look-up; <= 200 MB; lag p50 <= 100 ms, p99 <= 1 s; <= 2 requests a
 * second a channel while idle; take-over <= session time-out + 5 s; changes a CPU second of the worker, applied, >= 0.8 x what the official Java worker counts.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ServerProcess } from "../test/bench/server/server-process.ts";
import { backlog } from "../test/bench/sync/backlog.ts";
import { againstJava } from "../test/bench/sync/java.ts";
import { idleRequests, lagOfLoneChanges, lagUnderLoad } from "../test/bench/sync/lag.ts";
import { manyTables } from "../test/bench/sync/many-tables.ts";
import { SyncBench } from "../test/bench/sync/sync-bench.ts";
import { takeOver } from "../test/bench/sync/take-over.ts";
import { numberOption, textOption } from "./options.ts";

const root = resolve(import.meta.dirname, "..");
const changes = numberOption("changes", 2_000_000);
const seconds = numberOption("seconds", 60);
const only = new Set(textOption("only", "cells,look-up,workers,java,lag,idle,take-over,tables").split(","));

if (spawnSync(process.execPath, [join(root, "tools/build.ts")], { stdio: "inherit" }).status !== 0) process.exit(1);
const folder = mkdtempSync(join(tmpdir(), "tableferry-bench-"));
const serve = [
  "serve",
  "--data-dir",
  join(folder, "store"),
  "--instance",
  "legacy",
  "--instance",
  "modern",
  "--port",
  "0",
  "--metrics",
  "0",
  "--json",
];
const server = await ServerProcess.start([join(root, "dist/src/cli/main.js"), ...serve]);
const bench = new SyncBench(folder, server);
const say = (line: string) => console.log(`  ${line}`);
try {
  console.log(
    `replication, ${changes.toLocaleString("en")} changes of about 300 bytes, Node ${process.version}, server in its own process\n`,
  );
  if (only.has("cells")) say(await backlog(bench, { name: "cells", changes, workers: 1, channels: 1 }));
  if (only.has("look-up"))
    say(await backlog(bench, { name: "look_up", changes: Math.min(changes, 600_000), workers: 1, channels: 1, lookUp: true }));
  if (only.has("workers")) say(await backlog(bench, { name: "workers", changes, workers: 4, channels: 8 }));
  if (only.has("java")) say(await againstJava(bench, join(root, ".tableferry/sdks/java"), Math.min(changes, 1_000_000)));
  if (only.has("lag")) {
    say(await lagUnderLoad(bench, seconds));
    say(await lagOfLoneChanges(bench, seconds));
  }
  if (only.has("idle")) say(await idleRequests(bench));
  if (only.has("take-over")) say(await takeOver(bench));
  if (only.has("tables")) say(await manyTables(bench, numberOption("tables", 300)));
} finally {
  await bench.stopAll();
  await ServerProcess.endAll();
  rmSync(folder, { recursive: true, force: true });
}
