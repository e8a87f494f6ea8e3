import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import { type Chance, seededChance } from "../../../src/base/chance.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import { openEmbeddedServer } from "../../../src/server/embedded-server.ts";
import type { ResponseOf } from "../../../src/wire/operation/operations.ts";
import { decodeRows } from "../../../src/wire/plainbuffer/decode.ts";
import { decodeStreamRecord } from "../../../src/wire/plainbuffer/decode-change.ts";
import { Caller, keyBytes, putRequest, tableRequest, valuesOf } from "../../conformance/caller.ts";
import { fetchTransport } from "../../conformance/endpoints.ts";
import { iteratorOf, streamIdOf } from "../../conformance/stream-of.ts";
import { cutPower, type Tail } from "./power-cut.ts";

export interface Campaign {
  readonly kills: number;
  readonly seed: number;
  /** `unsynced` is the build that acknowledges before the disk has written, which must fail. */
  readonly mode: "durable" | "unsynced";
  readonly onKill?: (kill: number, report: CampaignReport) => void;
}

export interface CampaignReport {
  acknowledged: number;
  /** Bytes that the logs lost in power cuts. */
  cutBytes: number;
  /** Batches that were acknowledged and are not there. */
  lost: number;
  /** Batches of which some rows are there and some are not, or rows without their records, or records without their rows. */
  torn: number;
}

const WRITERS = 4;
/** Rows of a batch; each batch replaces the writer's rows and adds one that stays. */
const ROWS = 20;
/** Numbers of the rows that stay begin behind it. */
const OWN_ROWS = 1_000_000;
/** Bytes of a row's text; the larger ones fill LevelDB's write buffer, so that logs are changed and tables written under load. */
const sizes = [200, 200, 200, 20_000] as const;
const tails: readonly Tail[] = ["nothing", "torn", "rubbish"];
const server = join(import.meta.dirname, "durable-server.ts");

/** What a writer knows: the last batch it sent, and the last one that was acknowledged. */
interface Writer {
  readonly name: string;
  sent: number;
  acknowledged: number;
}

/**
 * Writers send batches to a durable server; it is killed with SIGKILL, its log is cut back to the last completed flush, and what is found when the store is opened
 * again is held against what was acknowledged. Then it goes on, on the same folder.
 */
export async function runCampaign({ kills, seed, mode, onKill }: Campaign): Promise<CampaignReport> {
  const chance = seededChance(seed);
  const folder = mkdtempSync(join(tmpdir(), "tableferry-durability-"));
  const [dataDir, journal] = [join(folder, "store"), join(folder, "journal")];
  const writers = Array.from({ length: WRITERS }, (_, i): Writer => ({ name: `w${i}`, sent: 0, acknowledged: 0 }));
  const report: CampaignReport = { acknowledged: 0, cutBytes: 0, lost: 0, torn: 0 };
  try {
    await makeTable(dataDir);
    for (let kill = 0; kill < kills; kill++) {
      rmSync(journal, { force: true });
      await writeAndKill({ dataDir, journal, mode, writers, chance, text: "x".repeat(sizes[kill % sizes.length]!) });
      report.cutBytes += cutPower(dataDir, journal, tails[kill % tails.length]!, chance);
      await examine(dataDir, writers, report);
      onKill?.(kill + 1, report);
      if (report.lost > 0) break;
    }
    report.acknowledged = writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
    return report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeTable(dataDir: string): Promise<void> {
  const store = await openEmbeddedServer({ dataDir, instances: ["test"], http: false });
  const caller = new Caller(store.handler, systemClock, store.rootKey, "test");
  const key = [
    { name: "writer", type: "string" as const },
    { name: "row", type: "integer" as const },
  ];
  await caller.call("CreateTable", { ...tableRequest("t", key), stream: { enabled: true, expirationHours: 24, originColumns: [] } });
  await store.close();
}

interface Load {
  readonly dataDir: string;
  readonly journal: string;
  readonly mode: Campaign["mode"];
  readonly writers: readonly Writer[];
  readonly chance: Chance;
  /** Of every row. */
  readonly text: string;
}

/** Lets the writers run until so many batches more are acknowledged, and a moment longer, then kills the server in the middle of things. */
async function writeAndKill({ dataDir, journal, mode, writers, chance, text }: Load): Promise<void> {
  const child = spawn(process.execPath, ["--conditions=tableferry-source", server, dataDir, journal, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  try {
    const { endpoint, ...key }: { endpoint: string; id: string; secret: string } = JSON.parse(await firstLine(child.stdout));
    const caller = new Caller(fetchTransport(endpoint), systemClock, key, "test");
    const enough = Promise.withResolvers<void>();
    let left = 1 + Math.floor(chance.next() * 60);
    const running = writers.map(async (writer) => {
      for (;;) {
        const value = ++writer.sent;
        await caller.call("BatchWriteRow", batchOf(writer.name, value, text));
        writer.acknowledged = value;
        if (--left === 0) enough.resolve();
      }
    });
    const stopped = Promise.allSettled(running);
    await Promise.race([enough.promise, stopped]);
    await systemClock.sleep(chance.next() * 3);
    child.kill("SIGKILL");
    await stopped;
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

/** The writer's rows 0 to ROWS - 1, all with the number of the batch, and the batch's own row, which no later one touches. */
function batchOf(writer: string, batch: number, text: string) {
  const rows = [...Array(ROWS).keys(), OWN_ROWS + batch].map((row) => ({
    ...putRequest("t", { writer, row: BigInt(row) }, { batch: BigInt(batch), text }),
    type: "put" as const,
  }));
  return { tables: [{ tableName: "t", rows }] };
}

async function examine(dataDir: string, writers: readonly Writer[], report: CampaignReport): Promise<void> {
  const store = await openEmbeddedServer({ dataDir, http: false });
  try {
    const caller = new Caller(store.handler, systemClock, store.rootKey, "test");
    const recorded = await batchesRecorded(caller);
    for (const writer of writers) {
      const found = await batchesFound(caller, writer.name);
      if (!isDeepStrictEqual(recorded.get(writer.name) ?? new Set(), found.own)) report.torn++;
      const newest = Math.max(0, ...found.replaced);
      if (found.replaced.length !== (newest === 0 ? 0 : ROWS) || found.replaced.some((batch) => batch !== newest)) report.torn++;
      for (let batch = 1; batch <= Math.max(writer.acknowledged, newest); batch++) {
        if (found.own.has(batch)) continue;
        if (batch <= writer.acknowledged) report.lost++;
        else report.torn++;
      }
      if (newest < writer.acknowledged) report.lost++;
      if (newest > writer.sent || found.own.size > newest) report.torn++;
      // What was applied without being acknowledged is there for good now.
      writer.acknowledged = newest;
      writer.sent = newest;
    }
  } finally {
    await store.close();
  }
}

async function batchesFound(caller: Caller, writer: string) {
  const replaced: number[] = [];
  const own = new Set<number>();
  let start: Uint8Array | undefined = keyBytes({ writer, row: INF_MIN });
  while (start !== undefined) {
    const page: ResponseOf<"GetRange"> = await caller.call("GetRange", {
      tableName: "t",
      direction: "forward",
      selection: { maxVersions: 1, columns: ["batch"] },
      start,
      end: keyBytes({ writer, row: INF_MAX }),
    });
    for (const row of decodeRows(page.rows)) {
      const batch = Number(valuesOf(row)!["batch"]);
      const number = Number(row.key[1]!.value);
      if (number < ROWS) replaced.push(batch);
      else own.add(number - OWN_ROWS);
    }
    start = page.nextStart;
  }
  return { replaced, own };
}

/** Batches whose own row the stream tells of, by writer. */
async function batchesRecorded(caller: Caller): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const batches = new Map<string, Set<number>>();
  let iterator: string | undefined = await iteratorOf(caller, await streamIdOf(caller, "t"));
  while (iterator !== undefined) {
    const page: ResponseOf<"GetStreamRecord"> = await caller.call("GetStreamRecord", { shardIterator: iterator, limit: 1000 });
    for (const { record } of page.records) {
      const [writer, row] = decodeStreamRecord(record).key.map(({ value }) => value);
      if (Number(row) < OWN_ROWS) continue;
      const own = batches.get(String(writer)) ?? new Set();
      batches.set(String(writer), own.add(Number(row) - OWN_ROWS));
    }
    iterator = page.records.length === 0 ? undefined : page.nextShardIterator;
  }
  return batches;
}

async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface(stream)) return line;
  throw new Error("the server ended before it said where it is");
}
