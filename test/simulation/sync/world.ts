import { seededChance, type Chance } from "../../../src/base/chance.ts";
import { hasCode, toError } from "../../../src/base/error.ts";
import { isTransient } from "../../../src/pipeline/transient.ts";
import { runSync } from "../../../src/run/run-sync.ts";
import type { SyncEnd } from "../../../src/run/sync-context.ts";
import { longestOperationMs, requestDeadlineMs } from "../../../src/run/sync-deadlines.ts";
import { Caller, putRequest } from "../../conformance/caller.ts";
import { isPassing } from "../passing-error.ts";
import { EventClock } from "./event-clock.ts";
import type { EngineState } from "./goals.ts";
import { Link, type LinkEvents, type Mishap } from "./link.ts";
import { Operator } from "./operator.ts";
import { BEGIN, type Scenario } from "./scenario.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import { ROOT, SimulatedServer } from "./simulated-server.ts";
import { SOURCE, SourceWriter } from "./source-writer.ts";
import { Trace } from "./trace.ts";
import { TARGET, Witness } from "./witness.ts";

/** Requests that one process may send in a second. */
const REQUESTS_MAX = 300;

export interface SimulatedWorker {
  readonly process: SimulatedProcess;
  readonly link: Link;
  readonly stop: AbortController;
  /** Once it has ended by itself. */
  end: SyncEnd | Error | undefined;
  /** It was given a channel and has written nothing since. */
  takingOver: boolean;
}

/** Server, source, workers and the network between them, as a seed decides; nothing goes wrong in it by itself. */
export class World {
  readonly scenario: Scenario;
  readonly time: EventClock;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly server: SimulatedServer;
  readonly writer: SourceWriter;
  readonly witness: Witness;
  readonly workers: SimulatedWorker[] = [];
  readonly notes: string[] = [];
  /** How the control row stands. */
  paused = false;
  draining = false;
  /** Told when a worker has ended. */
  onEnd: (worker: SimulatedWorker) => void = () => undefined;
  /** Told what befell a request of a worker. */
  onMishap: (worker: SimulatedWorker, mishap: Mishap) => void = () => undefined;
  /** Told after each request that was sent or carried out. */
  onRequest: () => void = () => undefined;
  requests = 0;
  /** Rounds of the verifier that came to their end among changes. */
  verified = 0;
  #processes = 0;
  readonly #counted = new Map<string, { second: number; count: number }>();
  readonly #events: LinkEvents;

  private constructor(scenario: Scenario, time: EventClock, server: SimulatedServer, keep: boolean) {
    this.scenario = scenario;
    this.time = time;
    this.chance = scenario.chance;
    this.trace = new Trace(keep);
    this.server = server;
    const { keys, versions, kind, deletesVersions } = scenario;
    this.writer = new SourceWriter(this.server, time, seededChance(scenario.seed * 31 + 7), { keys, deletesVersions });
    this.witness = new Witness({ server: this.server, writer: this.writer, time, kind, versions });
    this.server.onRead = this.witness.books.onRead;
    this.#events = {
      sent: (process, operation, mishap) => {
        this.requests++;
        this.trace.add(`${this.#at} ${process.name} ${operation} ${mishap ?? ""}`);
        this.#count(process);
        const worker = mishap === undefined ? undefined : this.workers.find((one) => one.process === process);
        if (worker !== undefined) this.onMishap(worker, mishap!);
        this.onRequest();
      },
      carriedOut: async (process, operation, request, response) => {
        this.trace.add(`${this.#at} ${process.name} ${operation} ${response.status}`);
        const worker = this.workers.find((one) => one.process === process);
        if (worker !== undefined && operation === "tunnel/getcheckpoint") worker.takingOver = true;
        if (worker !== undefined && operation === "BatchWriteRow") worker.takingOver = false;
        await this.witness.carriedOut(operation, request, response);
        this.onRequest();
      },
    };
  }

  /** @param keepTrace all its lines */
  static async open(scenario: Scenario, keepTrace = false): Promise<World> {
    const time = new EventClock(BEGIN);
    const server = await SimulatedServer.open(time, scenario.seed * 13 + 3, scenario.flushes);
    const world = new World(scenario, time, server, keepTrace);
    const making = world.#make();
    let made = false;
    making.then(
      () => (made = true),
      (error: unknown) => world.witness.note("made", toError(error).message),
    );
    await time.until(() => made || world.witness.violation !== undefined, 10_000);
    await making;
    return world;
  }

  startWorker(): SimulatedWorker {
    const { spec } = this.scenario;
    const { process, link } = this.#processOf("worker");
    const worker: SimulatedWorker = { process, link, stop: new AbortController(), end: undefined, takingOver: false };
    this.workers.push(worker);
    const ended = (end: SyncEnd | Error) => {
      if (process.dead) return;
      worker.end = end;
      this.trace.add(`${this.#at} ${process.name} ended: ${end instanceof Error ? end.message.split("\n")[0] : end.outcome}`);
      if (end instanceof Error && !mayHappen(end, worker)) this.witness.note("ended", `${process.name} ended: ${end.stack}`);
      this.onEnd(worker);
    };
    const { clock, chance } = process;
    runSync(spec, {
      ...{ clock, chance, signal: worker.stop.signal, folder: "/", onProgress: () => undefined },
      env: { SIMULATION_ACCESS_KEY_ID: ROOT.id, SIMULATION_ACCESS_KEY_SECRET: ROOT.secret },
      note: (line) => this.notes.push(`${this.#at} ${process.name}: ${line}`),
      openTransport: () => ({ transport: link.transport, guarded: true, close: () => Promise.resolve() }),
    }).then(ended, (error: unknown) => ended(toError(error)));
    return worker;
  }

  operator(): Operator {
    const { process, link } = this.#processOf("operator");
    return new Operator(process, link, this.scenario.spec, this.images);
  }

  get images(): readonly string[] {
    return this.scenario.kind.images;
  }

  /** Workers that are there, stopped ones included. */
  get living(): readonly SimulatedWorker[] {
    return this.workers.filter(({ process, end }) => !process.dead && end === undefined);
  }

  /** What a worker is doing. */
  statesOf({ link, takingOver }: SimulatedWorker): readonly EngineState[] {
    const { stage, parked } = this.witness;
    if (stage !== "streaming") return [stage];
    const states: EngineState[] = [takingOver ? "taking over" : link.writing > 0 ? "applying" : "reading"];
    if (this.paused) states.push("paused");
    if (parked.size > 0) states.push("parked");
    if (this.isSplitting) states.push("splitting");
    return states;
  }

  /** A channel waits for its parent. */
  get isSplitting(): boolean {
    if (!this.server.isUp) return false;
    for (const { status, parents } of this.server.tunnel?.channels.all() ?? []) if (status === "wait" && parents.length > 0) return true;
    return false;
  }

  /** Everything written to the source is applied or parked, as far as checkpoints tell. */
  async isCaughtUp(): Promise<boolean> {
    if (this.writer.left > 0 || !this.server.isUp || this.witness.stage !== "streaming") return false;
    const { tunnel, store } = this.server;
    const stream = tunnel === undefined ? undefined : store.streams.ofTable(tunnel.table);
    if (tunnel === undefined || stream === undefined) return false;
    for (const { id } of stream.shards) if (tunnel.channels.get(id) === undefined) return false;
    for (const channel of tunnel.channels.all()) {
      if (channel.terminated) continue;
      if (channel.isBase || channel.shard === undefined || channel.status === "wait") return false;
      const { records, ended } = await store.streams.read(channel.shard, channel.position, { limit: 1, bytes: 1 });
      if (records.length > 0 || ended) return false;
    }
    return true;
  }

  /** Everything written to the source before this moment (wall clock) is behind a checkpoint: it is applied or parked, and never applied again. */
  async hasPassed(momentMs: number): Promise<boolean> {
    if (!this.server.isUp || this.witness.stage !== "streaming") return false;
    const { tunnel, store } = this.server;
    const stream = tunnel === undefined ? undefined : store.streams.ofTable(tunnel.table);
    if (tunnel === undefined || stream === undefined) return false;
    for (const { id } of stream.shards) if (tunnel.channels.get(id) === undefined) return false;
    for (const channel of tunnel.channels.all()) {
      if (channel.terminated) continue;
      if (channel.isBase || channel.shard === undefined) return false;
      const [next] = (await store.streams.read(channel.shard, channel.position, { limit: 1, bytes: 1 })).records;
      if (next !== undefined && next.sequence < momentMs * 1000) return false;
    }
    return true;
  }

  /** Ends everything; nothing of it runs any more. */
  close(): void {
    for (const { process } of this.workers) process.crash();
  }

  get #at(): string {
    return (this.time.monotonic() - BEGIN).toFixed(3);
  }

  /** What lets a process run one after another, each with a network of its own. */
  #processOf(what: string): { process: SimulatedProcess; link: Link } {
    const { spec, seed } = this.scenario;
    const number = ++this.#processes;
    const process = new SimulatedProcess(`${what} ${number}`, this.time, seed * 1009 + number * 2);
    const terms = { requestDeadlineMs: requestDeadlineMs(spec), longestOperationMs: longestOperationMs(spec) };
    const link = new Link(process, this.server, this.time, seededChance(seed * 2003 + number), terms, this.#events);
    return { process, link };
  }

  #count({ name }: SimulatedProcess): void {
    const second = Math.floor((this.time.monotonic() - BEGIN) / 1000);
    const counted = this.#counted.get(name);
    if (counted?.second !== second) this.#counted.set(name, { second, count: 1 });
    else if (++counted.count > REQUESTS_MAX) this.witness.note("bounded", `${name} sent more than ${REQUESTS_MAX} requests in a second`);
  }

  /** Tables, and rows that are there before the sync begins. */
  async #make(): Promise<void> {
    const { kind, maxVersions, rowsBefore, cuts, initial, badShare } = this.scenario;
    const { caller, writer } = this;
    await this.server.store.catalogue.createInstance(caller.instance);
    await caller.createTable(SOURCE, [{ name: "pk", type: "string" }], { maxVersions });
    await caller.createTable(TARGET, kind.targetKey, { maxVersions });
    writer.badShare = initial === "none" ? 0 : badShare;
    for (let i = 0; i < rowsBefore; i++) await writer.write();
    writer.badShare = badShare;
    if (initial === "none") await this.#fillTarget();
    await this.witness.begin();
    if (initial === "none" || kind.withoutImages === true) {
      const originColumns = this.images;
      await caller.call("UpdateTable", { tableName: SOURCE, stream: { enabled: true, expirationHours: 168, originColumns } });
    }
    const { catalogue, streams } = this.server.store;
    for (const cut of cuts) await streams.splitPartition(catalogue.table(caller.instance, SOURCE), [cut]);
  }

  get caller(): Caller {
    return this.server.caller;
  }

  /** The target as the source is. */
  async #fillTarget(): Promise<void> {
    const { kind, versions } = this.scenario;
    for (const states of this.writer.states.values()) {
      const row = states.at(-1)!.row;
      const rows = row === undefined ? [] : kind.map(String(row.key[0]!.value), row.cells);
      for (const { key, cells } of rows === "refused" ? [] : rows) {
        const columns = Object.fromEntries(kind.targetKey.map(({ name }, at) => [name, key[at]!]));
        const kept = versions === "keep" ? cells : cells.map(({ name, value }) => ({ name, value }));
        await this.caller.call("PutRow", putRequest(TARGET, columns, kept));
      }
    }
  }
}

/** What may end a worker that its surroundings fail, or that is told to end. */
function mayHappen(error: Error, { stop }: SimulatedWorker): boolean {
  if (stop.signal.aborted && error === stop.signal.reason) return true;
  return isPassing(error) || isTransient(error) || hasCode(error, "TF_STOPPED");
}
