import { seededChance, type Chance } from "../../../src/base/chance.ts";
import { systemChance } from "../../../src/base/chance.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { StoreAdmin } from "../../../src/client/store-admin.ts";
import type { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { parseSync } from "../../../src/job/parse-job.ts";
import type { UpdateCell } from "../../../src/model/row.ts";
import { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import { syncJobStatus, type SyncJobStatus } from "../../../src/run/sync-job.ts";
import { decodeRows } from "../../../src/wire/plainbuffer/decode.ts";
import { encodeChange, encodeKey } from "../../../src/wire/plainbuffer/encode.ts";
import { ordersTable } from "../../bench/orders-table.ts";
import { clientOf } from "./orders-table.ts";
import { Workplace, type Command } from "./processes.ts";

export interface CampaignOptions {
  /** Rounds; each kills a worker, or stops it through a take-over and continues it. */
  readonly rounds: number;
  readonly seed: number;
  readonly onRound?: (round: number, outcome: RoundOutcome) => void;
}

export interface RoundOutcome {
  readonly what: "SIGKILL" | "SIGSTOP and SIGCONT";
  /** Source writes acknowledged so far. */
  readonly writes: number;
  /** Rows that differ after catching up; for SIGSTOP: also some seconds after the worker went on. */
  readonly differing: number;
}

const channels = 4;
const keys = 400;
const table = "orders";
const sessionSeconds = 5;

/**
 * Two workers under load, of which one at a time is killed, or stopped through a take-over and continued; after each time the load rests and both sides must be
 * equal, row by row. Each row carries a number that grows with each of its writes, so an older write over a newer one is a difference.
 */
export async function runSyncCampaign({ rounds, seed, onRound }: CampaignOptions): Promise<readonly RoundOutcome[]> {
  await using place = new Workplace();
  // Of its own: how many writes there were before, and so how much chance they drew, depends on the machine.
  const chance = seededChance(seed);
  const server = await place.serve();
  const [source, target] = [clientOf(place, server, "legacy"), clientOf(place, server, "modern")];
  await makeSource(source, new StoreAdmin(server.endpoint, () => place.keys(server)));
  const side = (instance: string) => ({
    type: "table-store",
    endpoint: server.endpoint,
    instance,
    table,
    credentials: { file: "store/keys.json" },
  });
  const create = {
    primaryKey: [
      { name: "customer", type: "string" },
      { name: "order", type: "integer" },
    ],
  };
  const job = {
    kind: "sync",
    name: "campaign",
    source: side("legacy"),
    target: { ...side("modern"), create },
    sessionSeconds,
    checkpointSeconds: 1,
  };
  place.write("sync.json", job);
  const status = () =>
    syncJobStatus(parseSync(job), {
      clock: systemClock,
      chance: systemChance,
      folder: place.folder,
      env: {},
      signal: new AbortController().signal,
    });
  const start = () => place.run(["sync", "run", "sync.json", "--quiet"]);
  const load = new Load(source, seededChance(seed + 1));
  const workers: Command[] = [start(), start()];
  await until(status, ({ phase, channels: held }) => phase === "in step" && held.length === channels);
  const outcomes: RoundOutcome[] = [];
  for (let round = 1; round <= rounds; round++) {
    load.start();
    await systemClock.sleep(500 + chance.next() * 1500);
    const at = Math.floor(chance.next() * workers.length);
    const victim = workers[at]!;
    const what = chance.next() < 0.5 ? "SIGKILL" : "SIGSTOP and SIGCONT";
    victim.process.kill(what === "SIGKILL" ? "SIGKILL" : "SIGSTOP");
    if (what === "SIGKILL") {
      await victim.ended;
      workers[at] = start();
    }
    // Through the take-over the load goes on; it rests before the stopped worker goes on, so that nothing can hide what that one writes.
    await systemClock.sleep((sessionSeconds + 2) * 1000);
    await load.stop();
    let differing = await differingAtRest(source, target);
    if (what !== "SIGKILL") {
      victim.process.kill("SIGCONT");
      await systemClock.sleep(3000);
      differing += await differingAtRest(source, target);
    }
    const outcome = { what, writes: load.writes, differing } as const;
    outcomes.push(outcome);
    onRound?.(round, outcome);
  }
  for (const worker of workers) worker.process.kill("SIGTERM");
  await Promise.all(workers.map((worker) => worker.ended));
  await Promise.all([source.close(), target.close()]);
  return outcomes;
}

async function makeSource(client: TableStoreClient, admin: StoreAdmin): Promise<void> {
  await client.createTable(ordersTable(table));
  for (let i = 1; i < channels; i++) await admin.splitPartition(client.instance, table, `c${i}`);
  await admin.close();
}

/** Writes as an application would: puts, updates, deletions of columns and of rows, of few keys, four at a time. */
class Load {
  writes = 0;
  readonly #client: TableStoreClient;
  readonly #chance: Chance;
  readonly #busy = new Set<number>();
  #running: Promise<void> | undefined;
  #stop = false;

  constructor(client: TableStoreClient, chance: Chance) {
    this.#client = client;
    this.#chance = chance;
  }

  start(): void {
    this.#stop = false;
    this.#running = Promise.all(Array.from({ length: 4 }, () => this.#write())).then(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stop = true;
    await this.#running;
  }

  async #write(): Promise<void> {
    while (!this.#stop) {
      const number = Math.floor(this.#chance.next() * keys);
      if (this.#busy.has(number)) continue;
      this.#busy.add(number);
      try {
        await this.#one(number);
        this.writes++;
      } finally {
        this.#busy.delete(number);
      }
    }
  }

  async #one(number: number): Promise<void> {
    const key = [
      { name: "customer", value: `c${number % channels}` },
      { name: "order", value: BigInt(number) },
    ];
    const n = BigInt(this.writes);
    const condition = { existence: "ignore" } as const;
    const drawn = this.#chance.next();
    if (drawn < 0.15) {
      await this.#client.deleteRow({ tableName: table, change: encodeChange({ type: "delete", key }), condition });
    } else if (drawn < 0.45) {
      const cells = [
        { name: "n", value: n },
        { name: "put", value: n },
      ];
      await this.#client.putRow({ tableName: table, change: encodeChange({ type: "put", key, cells }), condition });
    } else {
      const gone: UpdateCell = { op: "deleteAll", name: drawn < 0.6 ? "put" : "other" };
      const cells: UpdateCell[] = [
        { op: "put", name: "n", value: n },
        ...(drawn < 0.75 ? [gone] : [{ op: "put" as const, name: "other", value: n }]),
      ];
      await this.#client.updateRow({ tableName: table, change: encodeChange({ type: "update", key, cells }), condition });
    }
  }
}

/** Rows that differ once both sides had time to become equal. */
async function differingAtRest(source: TableStoreClient, target: TableStoreClient): Promise<number> {
  const end = performance.now() + 30_000;
  for (;;) {
    const [a, b] = [await contents(source), await contents(target)];
    const differing = [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key)).length;
    if (differing === 0 || performance.now() > end) return differing;
    await systemClock.sleep(200);
  }
}

async function contents(client: TableStoreClient): Promise<ReadonlyMap<string, string>> {
  const bound = (value: typeof INF_MIN | typeof INF_MAX) =>
    encodeKey([
      { name: "customer", value },
      { name: "order", value },
    ]);
  const rows = new Map<string, string>();
  const range = {
    tableName: table,
    direction: "forward",
    start: bound(INF_MIN),
    end: bound(INF_MAX),
    selection: { maxVersions: 1 },
  } as const;
  for await (const page of client.getRangePages(range)) {
    if (page.rows.length === 0) continue;
    for (const { key, cells } of decodeRows(page.rows))
      rows.set(key.map(({ value }) => String(value)).join("/"), cells.map(({ name, value }) => `${name}=${String(value)}`).join(" "));
  }
  return rows;
}

async function until(status: () => Promise<SyncJobStatus>, holds: (status: SyncJobStatus) => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  for (;;) {
    const now = await status();
    if (holds(now)) return;
    if (performance.now() > end) throw new Error(`after a minute: ${now.phase}, lag ${now.lagMs}, ${now.channels.length} channels`);
    await systemClock.sleep(200);
  }
}
