/**
 * `npm run bench [-- rows=1000000 only=copy,verify]`: what moving and proving data costs, next to the official Node SDK doing
 * the same work in the same run.
 *
 * Question: client CPU seconds a million rows, rows a second and peak memory of load, scan, copy and verification.
 * Corpus: test/bench/corpus.ts, orders of about 300 bytes, seeded; `cells`: rows of one cell of 2 MB. Knobs: `rows`, `only`, `runs`, `cells`.
 * Server and client are processes of their own. Every client is measured as a whole process, start and all, from outside its work
 * (test/bench/at-exit.mjs); our command compiled, as it is installed. Times on shared machines are noisy: the figure to quote is the ratio.
 * Pass lines: copy >= 7 x less client CPU than the SDK and at most 200 MB, four times the rows <= 1.1 x of that, cells of 2 MB bounded by the
 * declared bytes in flight; verification >= 0.75 of scanning both sides fully decoded with our own client at the same concurrency.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { peakMegabytes, type Measured } from "../test/bench/measure.ts";
import { ServerProcess } from "../test/bench/server/server-process.ts";
import { numberOption, textOption } from "./options.ts";

const root = resolve(import.meta.dirname, "..");
const rows = numberOption("rows", 1_000_000);
const runs = numberOption("runs", 1);
const cells = numberOption("cells", 400);
const only = new Set(textOption("only", "load,scan,copy,verify,memory,cells").split(","));

/** One measured client process. `rowsOf` reads its last line of output. */
function measured(script: readonly string[], conditions: readonly string[], rowsOf: (last: string) => number | undefined): Measured {
  const out = join(folder, "measured.json");
  const preload = ["--import", join(root, "test/bench/at-exit.mjs")];
  const done = spawnSync(process.execPath, [...conditions, ...preload, ...script], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: "", TABLEFERRY_BENCH_OUT: out },
  });
  if (done.status !== 0) throw new Error(`${script.join(" ")} failed with ${done.status ?? done.signal}`);
  return { ...JSON.parse(readFileSync(out, "utf8")), rows: rowsOf(done.stdout.trim().split("\n").at(-1)!) };
}

/** A script of the bench, from source. */
function piece(script: string, ...args: string[]): Measured {
  return measured(
    [join(root, "test/bench", script), ...args],
    ["--conditions=tableferry-source"],
    (last) => (JSON.parse(last) as Measured).rows,
  );
}

/** The command as it is installed, compiled. */
function command(...args: string[]): Measured {
  return measured([join(root, "dist/src/cli/main.js"), ...args, "--json"], [], (last) => {
    const result: { rowsRead?: number; sourceRows?: number } = JSON.parse(last);
    return result.rowsRead ?? result.sourceRows;
  });
}

const perMillion = (m: Measured) => (m.cpuSeconds / m.rows) * 1e6;
function line(title: string, m: Measured): void {
  const cells = [
    `${Math.round(m.rows / m.seconds).toLocaleString("en")} rows/s`,
    `${perMillion(m).toFixed(2)} CPU s/M rows`,
    `${m.peakMegabytes} MB peak`,
  ];
  console.log(`  ${title.padEnd(44)} ${cells.map((cell) => cell.padStart(20)).join("")}`);
}

/** The piece with the median CPU of `runs` runs. */
function median(run: (attempt: number) => Measured): Measured {
  const all = Array.from({ length: runs }, (_, attempt) => run(attempt)).sort((a, b) => perMillion(a) - perMillion(b));
  return all[Math.floor(all.length / 2)]!;
}

const folder = mkdtempSync(join(tmpdir(), "tableferry-bench-"));
if (spawnSync(process.execPath, [join(root, "tools/build.ts")], { stdio: "inherit" }).status !== 0) process.exit(1);
const server = await ServerProcess.start([
  join(root, "dist/src/cli/main.js"),
  "serve",
  "--data-dir",
  join(folder, "store"),
  ...["legacy", "modern", "peer"].flatMap((name) => ["--instance", name]),
  "--port",
  "0",
  "--json",
]);
const to = [`endpoint=${server.endpoint}`, `keys=${server.keys}`];

const table = (instance: string, name: string, key = "customer:string,order:integer") =>
  void piece("make-table.ts", ...to, `instance=${instance}`, `table=${name}`, `key=${key}`);

function job(name: string, kind: "migration" | "verification", table: string, target: string, more: object = {}): string {
  const side = (instance: string, tableName: string) => ({
    type: "table-store",
    endpoint: server.endpoint,
    instance,
    table: tableName,
    credentials: { file: server.keys },
  });
  const create = {
    primaryKey: [
      { name: "order_id", type: "integer" },
      { name: "customer_id", type: "string" },
    ],
  };
  const path = join(folder, `${name}.json`);
  const verify = kind === "migration" ? { coverage: "none" } : { certificate: false };
  const spec = {
    kind,
    name,
    source: side("legacy", table),
    target: { ...side("modern", target), ...(kind === "migration" ? { create } : {}) },
    mapping: join(root, "test/bench/copy-mapping.ts"),
    verify,
    ...more,
  };
  writeFileSync(path, JSON.stringify(spec));
  return path;
}

try {
  console.log(
    `${rows.toLocaleString("en")} rows of about 300 bytes, ${runs} run(s), Node ${process.version}, server in its own process (LevelDB, synced)\n`,
  );
  table("legacy", "orders");
  const loaded = piece("ours/load.ts", ...to, "instance=legacy", "table=orders", `rows=${rows}`);
  if (only.has("load")) {
    console.log("load: 200 rows a batch, 8 in flight");
    line("tableferry client", loaded);
    table("peer", "loaded");
    const peer = piece("peer/sdk-load.ts", ...to, "instance=peer", "table=loaded", `rows=${Math.min(rows, 200_000)}`);
    line("official SDK", peer);
    console.log(`  ratio ${(perMillion(peer) / perMillion(loaded)).toFixed(1)} x less CPU\n`);
  }
  if (only.has("scan")) {
    console.log("scan: whole table, pages of up to 5,000 rows or 4 MB");
    const ours = median(() => piece("ours/scan.ts", ...to, "tables=legacy/orders", "decoded=yes", "workers=1"));
    line("tableferry client, every row decoded", ours);
    line("tableferry client, checked, not decoded", piece("ours/scan.ts", ...to, "tables=legacy/orders", "decoded=no", "workers=1"));
    const peer = median(() => piece("peer/sdk-scan.ts", ...to, "instance=legacy", "table=orders", "key=customer,order"));
    line("official SDK, every row decoded", peer);
    console.log(`  ratio ${(perMillion(peer) / perMillion(ours)).toFixed(1)} x less CPU\n`);
  }
  if (only.has("copy") || only.has("verify")) {
    console.log("copy: two columns renamed, one derived, another key");
    const ours = median((attempt) =>
      command("migrate", job(`copy-${attempt}`, "migration", "orders", attempt === 0 ? "orders" : `orders_${attempt}`)),
    );
    line("tableferry migrate (checkpoints on)", ours);
    if (only.has("copy")) {
      table("peer", "orders", "order_id:integer,customer_id:string");
      const peer = median(() => piece("peer/sdk-copy.ts", ...to, "source=legacy", "target=peer", "table=orders"));
      line("official SDK", peer);
      console.log(`  ratio ${(perMillion(peer) / perMillion(ours)).toFixed(1)} x less CPU; pass line 7 x\n`);
    }
  }
  if (only.has("verify")) {
    console.log("verify: two equal tables through the mapping, rows counted on one side");
    const ours = median((attempt) => command("verify", job(`verify-${attempt}`, "verification", "orders", "orders")));
    line("tableferry verify, 4 readers", ours);
    const both = median(() => piece("ours/scan.ts", ...to, "tables=legacy/orders,modern/orders", "decoded=yes", "workers=2"));
    line("scanning both, every row decoded, 4 readers", { ...both, rows: both.rows / 2 });
    const cpu = both.cpuSeconds / ours.cpuSeconds;
    const wall = both.seconds / ours.seconds;
    console.log(`  ratio ${cpu.toFixed(2)} of the scan's CPU speed, ${wall.toFixed(2)} of its wall speed; pass line 0.75\n`);
  }
  if (only.has("cells")) {
    const limits = { workers: 16, writesInFlight: 16, inFlightBytes: 64 * 1024 * 1024 };
    console.log(`cells: ${cells} rows of one cell of 2 MB, 16 readers, 16 writes, ${limits.inFlightBytes >> 20} MB in flight declared`);
    table("legacy", "photos");
    piece("ours/load-cells.ts", ...to, "instance=legacy", "table=photos", `rows=${cells}`);
    line("tableferry migrate", command("migrate", job("copy-cells", "migration", "photos", "photos", { limits })));
    table("legacy", "no_photos");
    line("the same without a row", command("migrate", job("copy-nothing", "migration", "no_photos", "no_photos", { limits })));
    console.log("");
  }
  if (only.has("memory")) {
    console.log(`memory: the copy again with ${(4 * rows).toLocaleString("en")} rows`);
    const more = 4 * rows;
    table("legacy", "orders_more");
    piece("ours/load.ts", ...to, "instance=legacy", "table=orders_more", `rows=${more}`);
    line("tableferry migrate", command("migrate", job("copy-more", "migration", "orders_more", "orders_more")));
    console.log("");
  }
  console.log(`server: ${peakMegabytes(server.pid)} MB peak`);
} finally {
  await ServerProcess.endAll();
  rmSync(folder, { recursive: true, force: true });
}
