/**
 * `npm run bench:server [-- rows=5000000 only=batch,scan,single,open-loop,start,memory,keys]`: how quick and how large the embedded Table Store is.
 *
 * Questions and pass lines stand beside each part below. Corpus: test/bench/corpus.ts, orders of about 300 bytes of data. Every server is a process of its own;
 * ours is compiled and durable (LevelDB, synced), the yardsticks dynalite and (where Java is) DynamoDB Local keep everything in memory, and the ceiling is a signed `node:http` echo. Server
 * CPU is that of all its threads, from the system. Client and server share the machine, so the clients of all servers do as little as one can: what they send is made beforehand or made alike, of replies they
 * read the status and where to go on. The machine is noisy: whatever is compared is measured by turns, and medians are told, of ratios too. Knobs: `rounds` of that, `rows` of the parts
 * that need many, `few` of those that compare with dynalite, `requests`; `gets` and `limit` (megabytes) of the store with many rows.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Measured } from "../test/bench/measure.ts";
import { MemoryLimit } from "../test/bench/server/memory-limit.ts";
import { ServerProcess } from "../test/bench/server/server-process.ts";
import { numberOption, textOption } from "./options.ts";
import { toolchains } from "./sdks/toolchain.ts";

const root = resolve(import.meta.dirname, "..");
const rows = numberOption("rows", 5_000_000);
const few = numberOption("few", 200_000);
const requests = numberOption("requests", 30_000);
const rounds = numberOption("rounds", 3);
/** Sent before single requests are counted, to every server alike: the first ones pay for compiling the code that answers them. */
const WARMING = 10_000;
const randomGets = numberOption("gets", 1_000_000);
/** 0: none. With less memory than the store has bytes, random gets are answered as fast as the disk is. */
const limitMegabytes = numberOption("limit", 512);
const only = new Set(textOption("only", "batch,scan,single,open-loop,start,memory,keys").split(","));
const folder = mkdtempSync(join(tmpdir(), "tableferry-bench-"));
const dynamoCache = join(root, ".tableferry/dynamodb-local");
const source = ["--conditions=tableferry-source"];
const bench = (script: string) => join(root, "test/bench", script);
let stores = 0;

function startStore(name = `store-${stores++}`): Promise<ServerProcess> {
  return ServerProcess.start([
    join(root, "dist/src/cli/main.js"),
    "serve",
    "--data-dir",
    join(folder, name),
    "--instance",
    "legacy",
    "--port",
    "0",
    "--json",
  ]);
}
/** Undefined where there is no Java or no Maven. */
async function startDynamoLocal(): Promise<ServerProcess | undefined> {
  if (toolchains["java"]!.missing() !== undefined) return undefined;
  const server = await ServerProcess.start([bench("server/dynamodb-local.ts"), `cache=${dynamoCache}`], source);
  await server.answers(60);
  return server;
}
const startDynalite = () => ServerProcess.start([bench("server/dynalite-server.ts")], source);

function output(script: string, ...args: string[]): string {
  const done = spawnSync(process.execPath, [...source, bench(script), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Error(`${script} failed with ${done.status ?? done.signal}`);
  return done.stdout.trim().split("\n").at(-1)!;
}

/** What a client's work took it, and the server. */
interface Cost {
  readonly perSecond: number;
  /** Microseconds of server CPU a row or request. */
  readonly serverMicros: number;
}

function cost(server: ServerProcess, script: string, ...args: string[]): Cost {
  const before = server.cpuSeconds();
  const done: Measured = JSON.parse(output(script, `endpoint=${server.endpoint}`, `keys=${server.keys}`, ...args));
  return { perSecond: done.rows / done.seconds, serverMicros: ((server.cpuSeconds() - before) / done.rows) * 1e6 };
}

function makeTable({ endpoint, keys }: ServerProcess, ...more: string[]): void {
  output(
    "make-table.ts",
    `endpoint=${endpoint}`,
    `keys=${keys}`,
    "instance=legacy",
    "table=orders",
    "key=customer:string,order:integer",
    ...more,
  );
}
const load = (server: ServerProcess, count: number) => cost(server, "server/store-bulk.ts", "op=load", `rows=${count}`);
const scan = (server: ServerProcess, count: number) => cost(server, "server/store-bulk.ts", "op=scan", `rows=${count}`);

const number = (value: number, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits });
function line(title: string, { perSecond, serverMicros }: Cost, unit = "rows"): void {
  console.log(
    `  ${title.padEnd(36)} ${`${number(perSecond)} ${unit}/s`.padStart(20)} ${`${number(serverMicros, 1)} µs server CPU`.padStart(24)}`,
  );
}
const verdict = (text: string) => console.log(`  → ${text}\n`);

/** What is told of several rounds. */
function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[values.length >> 1]!;
}
function medianCost(costs: readonly Cost[]): Cost {
  return { perSecond: median(costs.map((each) => each.perSecond)), serverMicros: median(costs.map((each) => each.serverMicros)) };
}
type Costs = Readonly<Record<string, readonly Cost[]>>;
/** Median of the ratios of single rounds, of which each lies close together in time. */
function ratio(costs: Costs, of: keyof Cost, name: string, to: string): number {
  return median(costs[name]!.map((each, i) => each[of] / costs[to]![i]![of]));
}

async function batchAndScan(): Promise<void> {
  const [loads, scans]: Record<string, Cost[]>[] = [{}, {}];
  for (let round = 0; round < rounds; round++) {
    const [plain, streamed, peer, local] = [await startStore(), await startStore(), await startDynalite(), await startDynamoLocal()];
    makeTable(plain);
    makeTable(streamed, "stream=yes");
    const bulk = (server: ServerProcess, op: string) => cost(server, "server/dynalite-bulk.ts", `op=${op}`, `rows=${few}`);
    // Each is read right behind its load, and twice: the first scan of a server pays for compiling the code that reads, and does not count.
    const readBack = (name: string, read: () => Cost) => {
      if (!only.has("scan")) return;
      read();
      (scans![name] ??= []).push(read());
    };
    (loads!["tableferry"] ??= []).push(load(plain, few));
    readBack("tableferry", () => scan(plain, few));
    (loads!["tableferry, with a stream"] ??= []).push(load(streamed, few));
    (loads!["dynalite"] ??= []).push(bulk(peer, "load"));
    readBack("dynalite", () => bulk(peer, "scan"));
    if (local !== undefined) (loads!["DynamoDB Local"] ??= []).push(bulk(local, "load"));
    for (const server of [plain, streamed, peer, local]) await server?.end();
  }
  tellBatches(loads!);
  if (!only.has("scan")) return;
  console.log("range read, pages of about 1 MB, one reader");
  for (const [name, costs] of Object.entries(scans!)) line(name, medianCost(costs));
  verdict(`${number(ratio(scans!, "perSecond", "tableferry", "dynalite"), 1)} x dynalite's rows/s (pass line 2.5 x)`);
}

function tellBatches(loads: Costs): void {
  console.log(
    `batch writes of ${number(few)} rows: ours 200 a request, durable; the peers 25 a request, their most, in memory; 8 in flight; medians of ${rounds} rounds`,
  );
  for (const [name, costs] of Object.entries(loads)) line(name, medianCost(costs));
  const against = (peer: string) => {
    const [plain, streamed] = ["tableferry", "tableferry, with a stream"].map((name) => number(ratio(loads, "perSecond", name, peer), 1));
    return `${plain} x, with a stream ${streamed} x ${peer}'s rows/s`;
  };
  verdict(`${against("dynalite")} (pass line 6 x); server CPU a row at most 14 µs`);
  if (loads["DynamoDB Local"] === undefined) console.log("  DynamoDB Local: skipped, it needs a JDK 17 and Maven\n");
  else verdict(`${against("DynamoDB Local")} (pass line 2 x)`);
}

async function single(): Promise<void> {
  const [store, peer] = [await startStore(), await startDynalite()];
  makeTable(store);
  load(store, few);
  cost(peer, "server/dynalite-bulk.ts", "op=load", `rows=${few}`);
  const echo = await ServerProcess.start([bench("server/echo-server.ts"), `keys=${store.keys}`], source);
  const servers = { tableferry: ["store", store], dynalite: ["dynalite", peer], "signed echo": ["echo", echo] } as const;
  console.log(
    `single requests, ${number(requests)} of each kind on 32 connections, keys at random of ${number(few)}; medians of ${rounds} rounds`,
  );
  for (const op of ["put", "get"]) {
    const ask = ([name, server]: readonly [string, ServerProcess], count: number) =>
      cost(server, "server/requests.ts", `server=${name}`, `op=${op}`, "connections=32", `count=${count}`, `rows=${few}`);
    for (const server of Object.values(servers)) ask(server, WARMING);
    const costs: Record<string, Cost[]> = {};
    for (let round = 0; round < rounds; round++) {
      for (const [name, server] of Object.entries(servers)) (costs[name] ??= []).push(ask(server, requests));
    }
    for (const [name, each] of Object.entries(costs)) line(`${name}, ${op}`, medianCost(each), "requests");
    verdict(
      `${op}: ${number(ratio(costs, "serverMicros", "tableferry", "dynalite"), 2)} x dynalite's server CPU (pass line 0.5), ${number(ratio(costs, "perSecond", "tableferry", "signed echo"), 2)} x the echo's requests/s (pass line 0.5)`,
    );
  }
  for (const server of [store, peer, echo]) await server.end();
}

async function openLoop(): Promise<void> {
  const store = await startStore();
  makeTable(store);
  load(store, few);
  console.log(
    "open loop: 2,000 requests/s for 20 s, half puts, half gets, behind 5 s that do not count, while 10,000 rows/s in batches keep it compacting; milliseconds from the intended moment",
  );
  const told = output(
    "server/open-loop.ts",
    `endpoint=${store.endpoint}`,
    `keys=${store.keys}`,
    "rate=2000",
    "seconds=20",
    "warming=5",
    `rows=${few * 5}`,
    "batchEveryMs=20",
  );
  const { p50, p99, p999, worst }: Record<string, number> = JSON.parse(told);
  verdict(`p50 ${p50}, p99 ${p99} (pass line 10), p99.9 ${p999} (50), worst ${worst} (500)`);
  await store.end();
}

function start(): void {
  const runs = Array.from({ length: 7 }, () => {
    const done = spawnSync(process.execPath, [bench("server/first-answer.mjs"), join(root, "dist/src/testing.js")], { encoding: "utf8" });
    return Number(done.stdout);
  }).sort((a, b) => a - b);
  console.log("start in memory, in process, from the import of the compiled package on");
  verdict(`${number(runs[3]!)} ms, median of 7 from ${number(runs[0]!)} to ${number(runs[6]!)} (pass line 60)`);
}

async function large(): Promise<void> {
  const limit = limitMegabytes === 0 ? undefined : MemoryLimit.make(limitMegabytes * 1024 * 1024);
  console.log(`${number(rows)} rows, ${limit === undefined ? "without a control group" : `in a control group of ${limitMegabytes} MB`}`);
  let store = await startStore("large");
  limit?.add(store.pid);
  makeTable(store);
  const gets = (server: ServerProcess, of: number, count: number) =>
    cost(server, "server/requests.ts", "server=store", "op=get", "connections=32", `count=${count}`, `rows=${of}`);
  let most = 0;
  const watch = (server: ServerProcess) => {
    const timer = setInterval(() => (most = Math.max(most, server.anonymousMegabytes())), 200);
    return () => clearInterval(timer);
  };
  // Too many to be made beforehand.
  line("load", cost(store, "ours/load.ts", "instance=legacy", "table=orders", `rows=${rows}`));
  most = Math.max(most, store.anonymousMegabytes());
  line("full scan", scan(store, rows));
  most = Math.max(most, store.anonymousMegabytes());
  const stop = watch(store);
  line("random gets", gets(store, rows, Math.min(rows, randomGets)), "requests");
  stop();
  most = Math.max(most, store.anonymousMegabytes());
  verdict(`RssAnon at most ${most} MB between and behind the steps (pass line 300)`);
  await store.end("SIGKILL");
  const killed = performance.now();
  store = await startStore("large");
  limit?.add(store.pid);
  const count = gets(store, rows, 1);
  verdict(
    `first answer ${number(performance.now() - killed)} ms after a start behind SIGKILL, the client's own start included (pass line 1,000); ${number(count.perSecond)} requests/s`,
  );
  if (only.has("keys")) {
    const few = 10_000;
    const small = await startStore();
    makeTable(small);
    load(small, few);
    // Warmed alike: code that was never run, and files that were never opened, are not what is asked about.
    for (const [server, of] of [
      [small, few],
      [store, rows],
    ] as const) {
      gets(server, of, WARMING);
      // Nor is what a store does behind its start: it checks the tables it had no time for before, of 5 M rows for half a minute.
      await server.quiet(120);
    }
    const [cheap, dear] = [gets(small, few, requests), gets(store, rows, requests)];
    line(`random gets of ${number(few)} rows`, cheap, "requests");
    line(`random gets of ${number(rows)} rows`, dear, "requests");
    verdict(
      `${number(dear.serverMicros / cheap.serverMicros, 2)} x the server CPU, ${number(cheap.perSecond / dear.perSecond, 2)} x the time (pass line 1.5)`,
    );
    await small.end();
  }
  await store.end();
  limit?.remove();
}

if (spawnSync(process.execPath, [join(root, "tools/build.ts")], { stdio: "inherit" }).status !== 0) process.exit(1);
try {
  if (only.has("batch") || only.has("scan")) await batchAndScan();
  if (only.has("single")) await single();
  if (only.has("open-loop")) await openLoop();
  if (only.has("start")) start();
  if (only.has("memory") || only.has("keys")) await large();
} finally {
  await ServerProcess.endAll();
  rmSync(folder, { recursive: true, force: true });
}
