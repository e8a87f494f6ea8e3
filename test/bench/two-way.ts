/**
 * Question: do two tables stay the same while applications write the same rows at both, with real processes, over HTTP?
 *
 *   node --conditions=tableferry-source test/bench/two-way.ts seconds=300 rows=200 pause=5 kill=30
 *
 * `rows`: rows written, the fewer the more conflicts. `pause`: milliseconds between two writes of a site. `kill`: seconds after which one of the
 * two workers is killed and another one started, again and again; 0: never. Passes when both tables are equal at the end and the engine writes
 * nothing more.
 */
import { systemClock } from "../../src/base/clock.ts";
import { parseSync } from "../../src/job/parse-job.ts";
import { syncConflicts, syncJobStatus } from "../../src/run/sync-job.ts";
import { noConflicts } from "../../src/sync/channel-progress.ts";
import { systemChance } from "../../src/base/chance.ts";
import type { TableStoreClient } from "../../src/client/table-store-client.ts";
import { INF_MAX, INF_MIN } from "../../src/model/value.ts";
import type { RowChange } from "../../src/model/row.ts";
import { markerColumn } from "../../src/connector/engine-column.ts";
import { decodeRow, decodeRows } from "../../src/wire/plainbuffer/decode.ts";
import { encodeChange, encodeKey } from "../../src/wire/plainbuffer/encode.ts";
import { clientOf } from "../process/support/orders-table.ts";
import { Workplace } from "../process/support/processes.ts";

const options = new Map(process.argv.slice(2).map((argument) => argument.split("=") as [string, string]));
const option = (name: string, otherwise: number) => Number(options.get(name) ?? otherwise);
const [seconds, rows, pauseMs, killSeconds] = [option("seconds", 60), option("rows", 200), option("pause", 5), option("kill", 30)];

const columns = ["a", "b", "c", "price", "stock"];
const table = "both";
const say = (line: string) => process.stdout.write(`${line}\n`);

await using place = new Workplace();
const server = await place.serve();
const clients = { A: clientOf(place, server, "legacy"), B: clientOf(place, server, "modern") };
const writes = { A: 0, B: 0 };
for (const client of Object.values(clients))
  await client.createTable({
    meta: { tableName: table, key: [{ name: "id", type: "string" }], definedColumns: [] },
    reserved: { read: 0, write: 0 },
    options: { timeToLive: -1, maxVersions: 1 },
    partitions: [],
    indexes: [],
  });

const side = (instance: string) => ({
  type: "table-store",
  endpoint: server.endpoint,
  instance,
  table,
  credentials: { file: server.keysFile },
});
const job = {
  kind: "sync",
  name: "both",
  source: side("legacy"),
  target: side("modern"),
  sessionSeconds: 6,
  twoWay: { site: "A", otherSite: "B", conflicts: { columns: { price: "source", c: "target" }, merge: "merges.ts" } },
};
place.write("job.json", job);
place.write(
  "merges.ts",
  "export default { stock: ({ source, target }) => [source.value, target.value].filter((value) => value !== undefined).sort()[0] };\n",
);
const spec = parseSync(job);
const look = {
  clock: systemClock,
  chance: systemChance,
  folder: place.folder,
  env: process.env,
  signal: new AbortController().signal,
};

const start = () => place.run(["sync", "run", "job.json", "--json"]);
const workers = [start(), start()];
while ((await syncJobStatus(spec, look)).phase !== "in step") {
  const ended = workers.find(({ process: child }) => child.exitCode !== null);
  if (ended !== undefined) throw new Error((await ended.ended).stderr);
  await systemClock.sleep(500);
}
say(`in step; ${seconds} s of writing begin`);

const end = systemClock.monotonic() + seconds * 1000;
await Promise.all([writing("A"), writing("B"), killing()]);
const atEnd = await engineWrites();
let equal = false;
let [quietFor, last, after] = [0, atEnd, 0];
for (let looks = 0; looks < 120 && quietFor < 15; looks++) {
  await systemClock.sleep(1000);
  const now = await engineWrites();
  quietFor = now === last ? quietFor + 1 : 0;
  last = now;
}
after = last - atEnd;
equal = JSON.stringify(await content(clients.A)) === JSON.stringify(await content(clients.B));
const status = await syncJobStatus(spec, look);
say(`writes of applications: ${writes.A} at A, ${writes.B} at B`);
say(`changes taken: ${status.counts.changes}, of these echoes: ${status.counts.echoes ?? 0}; parked: ${status.parked}`);
say(`conflicts: ${JSON.stringify(status.counts.conflicts ?? noConflicts)}, listed: ${(await syncConflicts(spec, look)).length}`);
say(`writes of the engine after the last of an application: ${after}, for the last ${quietFor} s none`);
say(`rows: ${(await content(clients.A)).length}; equal: ${equal ? "yes" : "NO"}`);
process.exitCode = equal && quietFor >= 15 ? 0 : 1;
for (const client of Object.values(clients)) await client.close();

async function writing(site: "A" | "B"): Promise<void> {
  for (let n = 0; systemClock.monotonic() < end; n++) {
    await write(clients[site], `${site}${n}`);
    writes[site]++;
    await systemClock.sleep(pauseMs * 2 * Math.random());
  }
}

/** One of two workers at a time, without a word. */
async function killing(): Promise<void> {
  while (killSeconds > 0 && systemClock.monotonic() + killSeconds * 1000 < end) {
    await systemClock.sleep(killSeconds * 1000);
    workers.shift()?.process.kill("SIGKILL");
    workers.push(start());
  }
}

async function write(client: TableStoreClient, value: string): Promise<void> {
  const key = [{ name: "id", value: `k${Math.floor(Math.random() * rows)}` }];
  const some = columns.filter(() => Math.random() < 0.4).map((name) => ({ name, value }));
  const cells = some.length === 0 ? [{ name: "a", value }] : some;
  const what = Math.random();
  const send = (change: RowChange) => {
    const request = { tableName: table, change: encodeChange(change), condition: { existence: "ignore" } as const };
    return change.type === "put"
      ? client.putRow(request)
      : change.type === "update"
        ? client.updateRow(request)
        : client.deleteRow(request);
  };
  if (what < 0.2) await send({ type: "put", key, cells });
  else if (what < 0.7) await send({ type: "update", key, cells: cells.map((cell) => ({ op: "put", ...cell })) });
  else if (what < 0.78) await send({ type: "update", key, cells: [{ op: "deleteAll", name: cells[0]!.name }] });
  else if (what < 0.88) await send({ type: "delete", key });
  else {
    const row = decodeRow((await client.getRow({ tableName: table, key: encodeKey(key), selection: { maxVersions: 1 } })).row);
    const read = (row?.cells ?? []).filter(({ name }) => name !== cells[0]!.name).map(({ name, value: one }) => ({ name, value: one }));
    await send({ type: "put", key, cells: [...read, cells[0]!] });
  }
}

/** Changes of both streams that are the engine's: each of its writes comes back as one. */
async function engineWrites(): Promise<number> {
  const { counts } = await syncJobStatus(spec, look);
  return counts.updates + counts.deletes;
}

async function content(client: TableStoreClient): Promise<readonly string[]> {
  const lines: string[] = [];
  let next: Uint8Array | undefined = encodeKey([{ name: "id", value: INF_MIN }]);
  while (next !== undefined) {
    const from: Uint8Array = next;
    const page = await client.getRange({
      tableName: table,
      direction: "forward",
      selection: { maxVersions: 1 },
      start: from,
      end: encodeKey([{ name: "id", value: INF_MAX }]),
    });
    for (const { key, cells } of page.rows.length === 0 ? [] : decodeRows(page.rows)) {
      const shown = cells
        .filter(({ name }) => name !== markerColumn)
        .map(({ name, value, timestamp }) => `${name}=${String(value)}@${timestamp}`);
      lines.push([String(key[0]!.value), ...shown].join(" "));
    }
    next = page.nextStart;
  }
  return lines;
}
