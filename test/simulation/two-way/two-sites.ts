import { seededChance, type Chance } from "../../../src/base/chance.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { unlessGivenUp } from "../../../src/base/given-up.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import type { HttpTransport } from "../../../src/client/http-transport.ts";
import { parseSync } from "../../../src/job/parse-job.ts";
import type { SyncSpec } from "../../../src/job/sync-spec.ts";
import type { Row, RowChange } from "../../../src/model/row.ts";
import type { Value } from "../../../src/model/value.ts";
import { runSync } from "../../../src/run/run-sync.ts";
import { doubtMs } from "../../../src/run/sync-deadlines.ts";
import { syncConflicts } from "../../../src/run/sync-job.ts";
import { openEmbeddedServer, type EmbeddedServer } from "../../../src/server/embedded-server.ts";
import { TestControls } from "../../../src/server/test-controls/test-controls.ts";
import { markerColumn } from "../../../src/connector/engine-column.ts";
import type { WorkerRecord } from "../../../src/sync/worker-record.ts";
import { decodeRow, decodeRows } from "../../../src/wire/plainbuffer/decode.ts";
import { encodeChange, encodeKey } from "../../../src/wire/plainbuffer/encode.ts";
import { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import type { Transport, WireRequest, WireResponse } from "../../../src/wire/transport.ts";
import { Caller } from "../../conformance/caller.ts";
import { isPassing } from "../passing-error.ts";

export type SiteName = "A" | "B";

/** The clock of a site: as fast as the world's, but not the same time. */
function ahead(clock: VirtualClock, ms: number): Clock {
  return {
    now: () => clock.now() + ms,
    nowMicros: () => clock.nowMicros() + ms * 1000,
    monotonic: () => clock.monotonic(),
    sleep: (time, signal) => clock.sleep(time, signal),
    after: (time, run) => clock.after(time, run),
  };
}

/** A store with one table `t`, and an application that writes it. */
export class Site {
  readonly name: SiteName;
  readonly server: EmbeddedServer;
  readonly clock: Clock;
  readonly app: Caller;

  constructor(name: SiteName, server: EmbeddedServer, world: Clock, clock: Clock) {
    this.name = name;
    this.server = server;
    this.clock = clock;
    this.app = new Caller(server.handler, world, server.rootKey, "first");
  }

  async write(change: RowChange): Promise<void> {
    const request = { tableName: "t", change: encodeChange(change), condition: { existence: "ignore" as const } };
    if (change.type === "put") await this.app.call("PutRow", request);
    else if (change.type === "update") await this.app.call("UpdateRow", request);
    else await this.app.call("DeleteRow", request);
  }

  async read(id: string): Promise<Row | undefined> {
    const { row } = await this.app.call("GetRow", { tableName: "t", key: encodeKey(keyOf(id)), selection: { maxVersions: 1 } });
    return decodeRow(row);
  }

  async put(id: string, columns: Readonly<Record<string, Value>>): Promise<void> {
    await this.write({ type: "put", key: keyOf(id), cells: Object.entries(columns).map(([name, value]) => ({ name, value })) });
  }

  async update(id: string, columns: Readonly<Record<string, Value>>): Promise<void> {
    const cells = Object.entries(columns).map(([name, value]) => ({ op: "put" as const, name, value }));
    await this.write({ type: "update", key: keyOf(id), cells });
  }

  async clear(id: string, column: string): Promise<void> {
    await this.write({ type: "update", key: keyOf(id), cells: [{ op: "deleteAll", name: column }] });
  }

  async remove(id: string): Promise<void> {
    await this.write({ type: "delete", key: keyOf(id) });
  }

  /** Reads a row and puts it back, marker and all, with some columns changed: what applications do that know nothing of a sync. */
  async writeBack(id: string, changed: Readonly<Record<string, Value>>): Promise<Row | undefined> {
    const row = await this.read(id);
    await this.put(id, { ...Object.fromEntries((row?.cells ?? []).map(({ name, value }) => [name, value])), ...changed });
    return row;
  }

  /** Rows without the marker, as text: `k1 a=1@1000`. */
  async rows(times = true): Promise<readonly string[]> {
    const { rows } = await this.app.call("GetRange", {
      tableName: "t",
      direction: "forward",
      selection: { maxVersions: 1 },
      start: encodeKey([{ name: "id", value: INF_MIN }]),
      end: encodeKey([{ name: "id", value: INF_MAX }]),
    });
    return (rows.length === 0 ? [] : decodeRows(rows)).map(({ key, cells }) => {
      const shown = cells.filter(({ name }) => name !== markerColumn);
      return [
        String(key[0]!.value),
        ...shown.map(({ name, value, timestamp }) => `${name}=${String(value)}${times ? `@${timestamp}` : ""}`),
      ].join(" ");
    });
  }
}

/** What befalls requests on their way, as shares of them. */
export interface Weather {
  /** Carried out, and no answer arrives. */
  readonly lost?: number;
  /** Carried out when the client has given up, within the longest time that a request may take (R2). */
  readonly late?: number;
  /** Carried out twice. */
  readonly twice?: number;
}

/** A worker of the sync; what it sends passes here. */
export class SyncProcess {
  readonly stop = new AbortController();
  /** How the worker ended, or what it threw. */
  readonly over: Promise<unknown>;
  /** Resolves with its first request: loading modules takes real time, in which no virtual time may pass. */
  readonly begun: Promise<void>;
  #begin: () => void = () => undefined;
  /** What it told last, by direction. */
  readonly beats = new Map<string, WorkerRecord>();
  isOver = false;
  /** Killed: nothing gets through any more, and no answer arrives. */
  cut = false;
  /** Nothing gets through for a while. */
  away = false;

  constructor(world: TwoSites, spec: SyncSpec) {
    this.begun = new Promise((resolve) => (this.#begin = resolve));
    const chance = world.nextChance();
    const context = {
      clock: world.clock,
      chance: world.nextChance(),
      signal: this.stop.signal,
      onProgress: () => undefined,
      folder: import.meta.dirname,
      env: world.env,
      note: () => undefined,
      onBeat: (job: string, record: WorkerRecord) => this.beats.set(job, record),
      openTransport: ({ endpoint }: { readonly endpoint: string }) => this.#transport(world, endpoint, { chance, doubtMs: doubtMs(spec) }),
    };
    this.over = runSync(spec, context)
      .catch((error: unknown) => error)
      .finally(() => (this.isOver = true));
  }

  #transport(
    world: TwoSites,
    endpoint: string,
    { chance, doubtMs: most }: { readonly chance: Chance; readonly doubtMs: number },
  ): HttpTransport {
    const site = endpoint.includes("a.test") ? world.a : world.b;
    const nothing = () => new Promise<WireResponse>(() => undefined);
    const carriedOut = async (request: WireRequest, signal: AbortSignal | undefined): Promise<WireResponse> => {
      const { lost = 0, late = 0, twice = 0 } = world.weather;
      const drawn = chance.next();
      if (drawn < lost) {
        await world.latency(() => site.server.handler(request));
        return nothing();
      }
      if (drawn < lost + late) {
        void world.clock.sleep(chance.next() * most).then(() => site.server.handler(request));
        return nothing();
      }
      if (drawn < lost + late + twice) await world.latency(() => site.server.handler(request));
      return world.latency(() => site.server.handler(request, signal), signal);
    };
    const transport: Transport = async (request, signal) => {
      signal?.throwIfAborted();
      this.#begin();
      if (this.cut || this.away) return unlessGivenUp(nothing(), signal);
      request.beforeSend?.();
      world.count(request);
      return unlessGivenUp(
        carriedOut(request, signal).then((response) => (this.cut || this.away ? nothing() : response)),
        signal,
      );
    };
    return { transport, guarded: true, close: () => Promise.resolve() };
  }

  kill(): void {
    this.cut = true;
    this.stop.abort(new Error("killed"));
  }
}

/** Two sites with clocks that differ, and workers between them; time is virtual. */
export class TwoSites {
  readonly clock: VirtualClock;
  readonly a: Site;
  readonly b: Site;
  readonly workers: SyncProcess[] = [];
  /** Write requests of the engine to the table itself. */
  writes = 0;
  readonly #chance: Chance;
  /** Milliseconds a request takes at most. */
  latencyMs = 20;
  weather: Weather = {};
  /** Of workers that may end by what befalls their requests. */
  restarts: SyncSpec | undefined;

  private constructor(clock: VirtualClock, a: Site, b: Site, chance: Chance) {
    this.clock = clock;
    this.a = a;
    this.b = b;
    this.#chance = chance;
  }

  static async open(seed: number, offsets: { readonly a: number; readonly b: number }): Promise<TwoSites> {
    const clock = new VirtualClock();
    const chance = seededChance(seed);
    const site = async (name: SiteName, offset: number) => {
      const own = ahead(clock, offset);
      const controls = new TestControls({ clock: own });
      const server = await openEmbeddedServer({
        http: false,
        clock: own,
        controls,
        chance: seededChance(seed + name.charCodeAt(0)),
        instances: ["first"],
      });
      return new Site(name, server, clock, own);
    };
    const world = new TwoSites(clock, await site("A", offsets.a), await site("B", offsets.b), chance);
    for (const one of [world.a, world.b]) await one.app.createTable("t", [{ name: "id", type: "string" }]);
    return world;
  }

  get env(): Readonly<Record<string, string>> {
    const key = (site: Site, prefix: string) => ({
      [`${prefix}_ACCESS_KEY_ID`]: site.server.rootKey.id,
      [`${prefix}_ACCESS_KEY_SECRET`]: site.server.rootKey.secret,
    });
    return { ...key(this.a, "A"), ...key(this.b, "B") };
  }

  spec(more: object = {}): SyncSpec {
    const place = (site: string) => ({
      type: "table-store",
      endpoint: `http://${site.toLowerCase()}.test`,
      instance: "first",
      table: "t",
      credentials: { env: site },
    });
    return parseSync({
      kind: "sync",
      name: "both",
      source: place("A"),
      target: place("B"),
      twoWay: { site: "A", otherSite: "B" },
      sessionSeconds: 5,
      checkpointSeconds: 1,
      limits: { workers: 2, writesInFlight: 4 },
      ...more,
    });
  }

  nextChance(): Chance {
    return seededChance(Math.floor(this.#chance.next() * 2 ** 31));
  }

  async start(spec: SyncSpec): Promise<SyncProcess> {
    const worker = new SyncProcess(this, spec);
    this.workers.push(worker);
    await Promise.race([worker.begun, worker.over]);
    return worker;
  }

  count({ path }: WireRequest): void {
    // State is written row by row, the tables in batches.
    if (path === "/BatchWriteRow") this.writes++;
  }

  async latency(call: () => Promise<WireResponse>, signal?: AbortSignal): Promise<WireResponse> {
    const [there, back] = [this.#chance.next() * this.latencyMs, this.#chance.next() * this.latencyMs];
    if (this.latencyMs > 0) await this.clock.sleep(there / 2, signal);
    const response = await call();
    if (this.latencyMs > 0) await this.clock.sleep(back / 2, signal);
    return response;
  }

  /** The sync has come so far that changes go both ways. */
  async streaming(): Promise<void> {
    const goes = (job: string) =>
      this.workers.some(
        ({ cut, beats }) =>
          !cut && beats.get(job)?.channels.some(({ kind, caughtUpAt }) => kind === "stream" && caughtUpAt !== null) === true,
      );
    await this.until(async () => (await this.#assertAlive(), goes("both") && goes("both/back")));
  }

  async conflicts(spec: SyncSpec) {
    const listed = syncConflicts(spec, {
      ...{ clock: this.clock, chance: this.nextChance(), folder: import.meta.dirname, env: this.env, signal: new AbortController().signal },
      openTransport: () => ({ transport: this.b.server.handler, guarded: true, close: () => Promise.resolve() }),
    });
    let settled = false;
    listed.catch(() => undefined).finally(() => (settled = true));
    await this.until(() => settled);
    return await listed;
  }

  /** Lets time pass. */
  async pass(ms: number, stepMs = 20): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.breathe();
      await this.clock.advance(Math.min(stepMs, ms - passed));
    }
    await this.breathe();
  }

  /** Fails after so much virtual time, and real time enough for what no virtual clock governs: files that a worker reads when it begins. */
  async until(isSo: () => boolean | Promise<boolean>, mostMs = 120_000): Promise<void> {
    const began = performance.now();
    for (let passed = 0; !(await isSo()); passed += 20) {
      if (passed > mostMs && performance.now() - began > 5000) throw new Error("it did not come to that in time");
      await this.pass(20);
    }
  }

  /** Until the engine has written nothing for so long. */
  async quiet(ms: number, mostMs = 300_000): Promise<void> {
    let [seen, since] = [this.writes, this.clock.monotonic()];
    const began = since;
    while (this.clock.monotonic() - since < ms) {
      await this.pass(100, 50);
      if (this.writes !== seen) [seen, since] = [this.writes, this.clock.monotonic()];
      if (this.clock.monotonic() - began > mostMs) throw new Error("the engine goes on writing");
      await this.#assertAlive();
    }
  }

  /** Starts workers again that their surroundings have failed, where these do. @throws what another worker threw that was not killed */
  async #assertAlive(): Promise<void> {
    for (const worker of this.workers.filter(({ isOver, cut }) => isOver && !cut)) {
      const error = await worker.over;
      if (this.restarts === undefined || !isPassing(error)) throw error;
      worker.cut = true;
      await this.start(this.restarts);
    }
  }

  async breathe(): Promise<void> {
    for (let i = 0; i < 4; i++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  async close(): Promise<void> {
    for (const worker of this.workers) worker.stop.abort(new Error("the test is over"));
    for (let i = 0; i < 200 && this.workers.some(({ isOver, cut }) => !isOver && !cut); i++) await this.pass(100, 50);
    await Promise.all([this.a.server.close(), this.b.server.close()]);
  }
}

export function keyOf(id: string) {
  return [{ name: "id", value: id }];
}
