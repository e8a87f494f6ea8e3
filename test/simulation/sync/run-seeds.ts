/**
 * Runs seeds in a process of its own, one JSON line at the beginning of each, for each failure and at the end: `run-seeds.ts FROM COUNT [STEP] [bug=NAME] [stop]`. Bugs are planted while the
 * engine is loaded, so it is loaded only then.
 */
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { plantedBugs, type PlantedBug } from "./planted-bugs.ts";
import type { SeedsReport } from "./seeds-report.ts";

const root = resolve(import.meta.dirname, "../../..");
const [from = 1, count = 1, step = 1] = process.argv.slice(2, 5).map(Number);
const bugName = process.argv.find((arg) => arg.startsWith("bug="))?.slice(4);
const stopsAtFirst = process.argv.includes("stop");

if (bugName !== undefined) plant(bugName);
const { simulate } = await import("./simulation.ts");

const report: SeedsReport = { seeds: 0, failed: 0, requests: 0, virtualMs: 0, milliseconds: 0, coverage: [], hashes: [] };
const began = performance.now();
let unhandled: unknown;
process.on("unhandledRejection", (reason) => (unhandled = reason));
const { Coverage } = await import("./goals.ts");
const coverage = new Coverage();
for (let i = 0; i < count; i++) {
  const seed = from + i * step;
  console.log(JSON.stringify({ begins: seed }));
  const { violation, title, hash, requests, virtualMs, coverage: met } = await simulate(seed);
  const found = violation ?? (unhandled === undefined ? undefined : { invariant: "unhandled", text: String(unhandled) });
  unhandled = undefined;
  report.seeds++;
  report.requests += requests;
  report.virtualMs += virtualMs;
  report.hashes.push(hash);
  coverage.merge(met);
  if (found === undefined) continue;
  report.failed++;
  console.log(JSON.stringify({ seed, title, ...found }));
  if (stopsAtFirst) break;
}
console.log(JSON.stringify({ ...report, milliseconds: performance.now() - began, coverage: coverage.entries }));

function plant(name: string): void {
  const bug = plantedBugs.find((one) => one.name === name);
  if (bug === undefined) throw new Error(`there is no bug called ${name}`);
  const left = new Set(bug.patches);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const own = url.startsWith("file:") ? patchesOf(bug, fileURLToPath(url)) : [];
      if (own.length === 0) return loaded;
      for (const patch of own) left.delete(patch);
      return { ...loaded, source: own.reduce(patched, String(loaded.source)) };
    },
  });
  process.on("exit", () => {
    if (left.size === 0) return;
    console.error(`never loaded: ${[...left].map(({ file }) => file).join(", ")}`);
    process.exitCode = 2;
  });
}

function patchesOf({ patches }: PlantedBug, path: string): PlantedBug["patches"] {
  return patches.filter(({ file }) => resolve(root, file) === path);
}

function patched(text: string, { file, find, replace }: PlantedBug["patches"][number]): string {
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${file} has the text of a planted bug ${parts.length - 1} times: ${find}`);
  return parts.join(replace);
}
