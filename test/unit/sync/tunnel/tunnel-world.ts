import { expect } from "vitest";
import { seededChance } from "../../../../src/base/chance.ts";
import { unlessGivenUp } from "../../../../src/base/given-up.ts";
import { VirtualClock } from "../../../../src/base/virtual-clock.ts";
import { TableStoreClient } from "../../../../src/client/table-store-client.ts";
import type { SourceChange } from "../../../../src/connector/change.ts";
import { openEmbeddedServer, type EmbeddedServer } from "../../../../src/server/embedded-server.ts";
import { AccessKeys } from "../../../../src/server/access-keys.ts";
import { InstancePolicies } from "../../../../src/server/instance-policies.ts";
import { createServer } from "../../../../src/server/server.ts";
import { Tunnels } from "../../../../src/server/tunnel/tunnels.ts";
import { TestControls } from "../../../../src/server/test-controls/test-controls.ts";
import type { HeldChannel, RunChannel } from "../../../../src/sync/channel.ts";
import { TunnelSession } from "../../../../src/sync/tunnel/session.ts";
import type { TunnelSessionOptions } from "../../../../src/sync/tunnel/session-terms.ts";
import type { StreamTunnelConfig, TunnelType } from "../../../../src/wire/operation/tunnel-create.ts";
import { WAIT_HEADER } from "../../../../src/wire/headers.ts";
import type { Transport, WireRequest, WireResponse } from "../../../../src/wire/transport.ts";
import { Caller } from "../../../conformance/caller.ts";
import { oneKey } from "../../../conformance/stream-of.ts";
import { TunnelCaller } from "../../../conformance/tunnel-caller.ts";

export const TIMEOUT_MS = 15_000;
export const HEARTBEAT_MS = 1000;

/** A request as it left a worker. */
export interface Sent {
  readonly name: string;
  readonly at: number;
  readonly waited: boolean;
}

/** The network between one worker and the server. */
export class Link {
  readonly sent: Sent[] = [];
  /** Nothing gets through and nothing is answered. */
  cut = false;
  /** The server does not know our header. */
  foreign = false;
  /** Answers in place of the server, where it gives something. */
  intercept: (name: string, request: WireRequest) => Promise<WireResponse> | undefined = () => undefined;
  readonly #world: TunnelWorld;

  constructor(world: TunnelWorld) {
    this.#world = world;
  }

  readonly transport: Transport = (request, signal) => {
    const name = request.path.replace("/tunnel/", "");
    signal?.throwIfAborted();
    this.sent.push({ name, at: this.#world.now, waited: request.headers[WAIT_HEADER] !== undefined });
    const { [WAIT_HEADER]: _wait, ...headers } = request.headers;
    const carried = this.foreign ? { ...request, headers } : request;
    const answer = this.cut
      ? new Promise<WireResponse>(() => undefined)
      : (this.intercept(name, request) ?? this.#world.handler(carried, signal));
    // What was answered before the network broke down arrives all the same; what comes later does not.
    const arrived = answer.then((response) => (this.cut ? new Promise<WireResponse>(() => undefined) : response));
    return unlessGivenUp(arrived, signal);
  };

  count(name: string, from = 0, to = Infinity): number {
    return this.sent.filter((one) => one.name === name && one.at >= from && one.at < to).length;
  }
}

/** What a worker did with one channel it was given. */
export interface Held {
  readonly channel: HeldChannel;
  readonly since: number;
  end: "finished" | "closed" | "failed" | undefined;
  endedAt: number;
}

/** A worker: a session, and what it saw. */
export class Worker {
  readonly link: Link;
  readonly notes: string[] = [];
  readonly seen: string[] = [];
  /** When each of what it saw was there, by its text. */
  readonly seenAt = new Map<string, number>();
  readonly held: Held[] = [];
  readonly client: TableStoreClient;
  readonly stop = new AbortController();
  readonly kill = new AbortController();
  readonly session: TunnelSession;
  /** Settles when the session is over: undefined, or what it threw. */
  readonly over: Promise<unknown>;
  isOver = false;
  /** What is done with each channel instead of following it. */
  run: RunChannel;
  readonly #world: TunnelWorld;

  constructor(world: TunnelWorld, options: Partial<TunnelSessionOptions> & { readonly link?: (link: Link) => void } = {}) {
    this.#world = world;
    this.link = new Link(world);
    options.link?.(this.link);
    const { clock } = world;
    const chance = seededChance(world.nextSeed());
    this.run = options.run ?? this.follow;
    const credentials = { id: world.server.rootKey.id, secret: world.server.rootKey.secret };
    this.client = new TableStoreClient({ instance: "first", credentials, transport: this.link.transport, clock, chance });
    this.session = new TunnelSession({
      client: this.client,
      tunnelId: world.tunnel.tunnelId,
      clock,
      chance,
      signal: this.stop.signal,
      kill: this.kill.signal,
      note: (line) => this.notes.push(line),
      ...options,
      run: (channel) => this.#watched(channel),
    });
    this.over = this.session
      .run()
      .then(
        () => undefined,
        (error: unknown) => error,
      )
      .finally(() => (this.isOver = true));
  }

  /** Those it holds now. */
  get channels(): string[] {
    return this.held.filter(({ end }) => end === undefined).map(({ channel }) => channel.id);
  }

  /** Reads everything, checkpoint after each page, until it is asked to stop or the channel ends. */
  readonly follow: RunChannel = async (channel) => {
    for (let token = channel.start; token !== "finished";) {
      if (channel.closing.aborted) return "closed";
      const page = await channel.read(token, channel.closing).catch((error: unknown) => {
        if (channel.closing.aborted && !channel.lost.aborted) return undefined;
        throw error;
      });
      if (page === undefined) return "closed";
      for (const change of page.changes) this.#see(change);
      if (page.next !== token) await channel.checkpoint(page.next);
      token = page.next;
    }
    return "finished";
  };

  #see(change: SourceChange): void {
    const text = changeText(change);
    this.seen.push(text);
    if (!this.seenAt.has(text)) this.seenAt.set(text, this.#world.now);
  }

  async #watched(channel: HeldChannel): Promise<"finished" | "closed"> {
    const held: Held = { channel, since: this.#world.now, end: undefined, endedAt: Infinity };
    this.held.push(held);
    try {
      return (held.end = await this.run(channel));
    } catch (error) {
      held.end = "failed";
      throw error;
    } finally {
      held.endedAt = this.#world.now;
    }
  }
}

/** An embedded server with a table `t`, a tunnel on it, and workers. Time is virtual and passes only through `pass` and `until`. */
export class TunnelWorld {
  readonly clock: VirtualClock;
  readonly controls: TestControls;
  readonly server: EmbeddedServer;
  /** What answers; another one after a restart. */
  handler: Transport;
  readonly workers: Worker[] = [];
  /** Never aborted. */
  readonly never = new AbortController().signal;
  #tunnel: TunnelCaller | undefined;
  #seed = 1;

  private constructor(clock: VirtualClock, controls: TestControls, server: EmbeddedServer) {
    this.clock = clock;
    this.controls = controls;
    this.server = server;
    this.handler = server.handler;
  }

  static async open(): Promise<TunnelWorld> {
    const clock = new VirtualClock();
    const controls = new TestControls({ clock });
    const server = await openEmbeddedServer({ http: false, clock, controls, chance: seededChance(99), instances: ["first"] });
    return new TunnelWorld(clock, controls, server);
  }

  get caller(): Caller {
    return new Caller(this.handler, this.clock, this.server.rootKey, "first");
  }

  get tunnel(): TunnelCaller {
    return new TunnelCaller(this.caller, this.#tunnel!.tunnelId);
  }

  get now(): number {
    return this.clock.monotonic();
  }

  nextSeed(): number {
    return this.#seed++;
  }

  /** A table cut into so many partitions, each with a shard and a channel, and a tunnel on it. */
  async make(
    partitions = 1,
    type: TunnelType = "Stream",
    config?: StreamTunnelConfig,
    originColumns: readonly string[] = [],
  ): Promise<void> {
    await this.caller.createTable("t", oneKey);
    await this.caller.call("UpdateTable", { tableName: "t", stream: { enabled: true, expirationHours: 24, originColumns } });
    for (let i = 1; i < partitions; i++) await this.split(keyIn(i));
    await this.makeOnTable(type, config);
  }

  /** A tunnel on the table, which is there. */
  async makeOnTable(type: TunnelType, config?: StreamTunnelConfig): Promise<void> {
    this.#tunnel = await TunnelCaller.create(this.caller, type, config);
  }

  async split(key: string): Promise<void> {
    const { catalogue, streams } = this.server.store;
    await streams.splitPartition(catalogue.table("first", "t"), [key]);
  }

  async put(pk: string, n = 0n): Promise<void> {
    await this.caller.put("t", { pk }, { n });
  }

  work(options: ConstructorParameters<typeof Worker>[1] = {}): Worker {
    const worker = new Worker(this, options);
    this.workers.push(worker);
    return worker;
  }

  /** Lets time pass; whatever is ready runs before each step. */
  async pass(ms: number, stepMs = 10): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.breathe();
      await this.clock.advance(Math.min(stepMs, ms - passed));
    }
    await this.breathe();
  }

  /** Lets time pass until something is so; how long that took. */
  async until(isSo: () => boolean, mostMs = 120_000, stepMs = 10): Promise<number> {
    const began = this.now;
    for (;;) {
      await this.breathe();
      if (isSo()) return this.now - began;
      expect(this.now - began, "it did not come to that in time").toBeLessThan(mostMs);
      await this.clock.advance(stepMs);
    }
  }

  /** Lets time pass until a promise settles. */
  async during<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    promise.catch(() => undefined).finally(() => (settled = true));
    await this.until(() => settled);
    return promise;
  }

  /** Runs what is ready, without any time passing. */
  async breathe(): Promise<void> {
    for (let i = 0; i < 12; i++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** The tunnel takes its channels from everybody. */
  async letGo(): Promise<void> {
    const { channels } = await this.tunnel.describe();
    const holders = new Set(channels.map(({ clientId = "" }) => clientId).filter((id) => id !== ""));
    for (const clientId of holders) await this.tunnel.caller.call("tunnel/shutdown", { tunnelId: this.tunnel.tunnelId, clientId });
  }

  /** What a restart leaves of a server: its store. */
  async restart(): Promise<void> {
    const { store, rootKey } = this.server;
    const { clock, faults } = this.controls;
    const chance = seededChance(this.nextSeed());
    const tunnels = await Tunnels.open({ store, streams: store.streams, clock, chance });
    const keys = new AccessKeys([rootKey]);
    this.handler = createServer({
      store,
      tunnels,
      keys,
      policies: new InstancePolicies(store.catalogue),
      clock,
      wireClock: this.clock,
      interference: faults,
      chance,
    });
  }

  async close(): Promise<void> {
    for (const worker of this.workers) worker.kill.abort(new Error("killed"));
    await this.pass(100);
    await this.server.close();
  }
}

/** A key in the i-th partition of `TunnelWorld.make`, which begins with it. */
export function keyIn(i: number): string {
  return `k${String(i).padStart(4, "0")}`;
}

export function changeText({ type, key, cells }: SourceChange): string {
  const values = cells.map((cell) => (cell.op === "put" ? `${cell.name}=${String(cell.value)}` : `${cell.op} ${cell.name}`));
  return [type, ...key.map(({ value }) => String(value)), ...values].join(" ");
}
