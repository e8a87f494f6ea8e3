import { seededChance, type Chance } from "../../../src/base/chance.ts";
import type { Row } from "../../../src/model/row.ts";
import { INF_MAX, INF_MIN, type KeyBound } from "../../../src/model/value.ts";
import { AccessKeys, type AccessKey } from "../../../src/server/access-keys.ts";
import { InstancePolicies } from "../../../src/server/instance-policies.ts";
import { createServer } from "../../../src/server/server.ts";
import { Faults } from "../../../src/server/test-controls/faults.ts";
import type { Tunnel } from "../../../src/server/tunnel/tunnel.ts";
import { Tunnels } from "../../../src/server/tunnel/tunnels.ts";
import type { Table } from "../../../src/store/table.ts";
import { TableStore } from "../../../src/store/table-store.ts";
import { TransportError } from "../../../src/client/transport-error.ts";
import { decodeRows } from "../../../src/wire/plainbuffer/decode.ts";
import type { Transport, WireRequest, WireResponse } from "../../../src/wire/transport.ts";
import { Caller } from "../../conformance/caller.ts";
import type { EventClock } from "./event-clock.ts";
import { Disk, type MountedStore } from "./flushed-store.ts";
import { SimulatedProcess } from "./simulated-process.ts";

export const INSTANCE = "simulated";
export const ROOT: AccessKey = { id: "simulation", secret: "simulation-secret" };

/** One life of the server, from a start to a power cut. */
interface Life {
  readonly process: SimulatedProcess;
  readonly mounted: MountedStore;
  readonly store: TableStore;
  readonly tunnels: Tunnels;
  readonly faults: Faults;
  readonly handler: Transport;
}

/** The embedded server in process, on a disk that outlives it. */
export class SimulatedServer {
  readonly #time: EventClock;
  readonly #chance: Chance;
  readonly #disk: Disk;
  #lives = 0;
  #life: Life | undefined;
  /** Requests that a power cut must end. */
  readonly #underWay = new Set<(error: Error) => void>();
  /** Told of each record page that was read, before it is sent. */
  onRead: ReadListener = () => undefined;

  private constructor(time: EventClock, seed: number, flushes: boolean) {
    this.#time = time;
    this.#chance = seededChance(seed);
    this.#disk = new Disk(time, flushes ? () => 0.2 + this.#chance.next() * 3 : () => 0);
  }

  /** @param flushes writes take their time, so that power cuts lose some */
  static async open(time: EventClock, seed: number, flushes: boolean): Promise<SimulatedServer> {
    const server = new SimulatedServer(time, seed, flushes);
    await server.start();
    return server;
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  get store(): TableStore {
    return this.#up.store;
  }

  get tunnels(): Tunnels {
    return this.#up.tunnels;
  }

  get faults(): Faults {
    return this.#up.faults;
  }

  /** The only tunnel, once there is one. */
  get tunnel(): Tunnel | undefined {
    return this.#life?.tunnels.list(INSTANCE)[0];
  }

  get #up(): Life {
    if (this.#life === undefined) throw new Error("the server is down");
    return this.#life;
  }

  /** Signed calls that meet no network and no fault of one. */
  get caller(): Caller {
    return new Caller(this.handle, this.#time, ROOT, INSTANCE);
  }

  table(name: string): Table | undefined {
    return this.store.catalogue.tables(INSTANCE).find((table) => table.name === name);
  }

  /** Rejects where the power is cut meanwhile, or is off. */
  readonly handle: Transport = (request: WireRequest, signal?: AbortSignal) =>
    new Promise<WireResponse>((resolve, reject) => {
      if (this.#life === undefined) return reject(new TransportError("TF_CONNECTION", false, { message: "the server is down" }));
      const broken = (error: Error) => reject(error);
      this.#underWay.add(broken);
      this.#life
        .handler(request, signal)
        .then(resolve, reject)
        .finally(() => this.#underWay.delete(broken));
    });

  async start(): Promise<void> {
    const seed = this.#chance.next() * 2 ** 31;
    const process = new SimulatedProcess(`server ${++this.#lives}`, this.#time, seed);
    const { clock, chance } = process;
    const mounted = this.#disk.mount();
    const store = await TableStore.open(mounted, { clock });
    const tunnels = await Tunnels.open({ store, streams: store.streams, clock, chance });
    const read = tunnels.reader.read.bind(tunnels.reader);
    tunnels.reader.read = async (tunnel, channel, token, patience) => {
      const page = await read(tunnel, channel, token, patience);
      this.onRead(channel.id, channel.isBase, token, page);
      return page;
    };
    const faults = new Faults(clock);
    const keys = new AccessKeys([ROOT]);
    const handler = createServer({
      ...{ store, tunnels, keys, clock, chance },
      policies: new InstancePolicies(store.catalogue),
      interference: faults,
    });
    this.#life = { process, mounted, store, tunnels, faults, handler };
  }

  /** What was not flushed is gone, and so is everything in memory; connections break. */
  async cutPower(torn: boolean): Promise<void> {
    const { process, mounted } = this.#up;
    this.#life = undefined;
    process.crash();
    await mounted.cutPower(torn);
    for (const broken of [...this.#underWay]) broken(new TransportError("TF_CONNECTION", true, { message: "the power was cut" }));
    this.#underWay.clear();
  }

  /** All rows of a table as they are stored, all versions. */
  async rows(name: string, from?: string, to?: string): Promise<readonly Row[]> {
    const page = await this.page(name, from, to);
    return page.length === 0 ? [] : decodeRows(page);
  }

  /** The same as PlainBuffer. Tables here have a page of rows at most. */
  async page(name: string, from?: string, to?: string): Promise<Uint8Array> {
    const table = this.table(name);
    if (table === undefined) return new Uint8Array(0);
    const bounds = (first: KeyBound, rest: KeyBound) => table.schema.key.map((_, at) => (at === 0 ? first : rest));
    const { rows } = await this.store.readRange(table, {
      direction: "forward",
      start: bounds(from ?? INF_MIN, INF_MIN),
      end: bounds(to ?? INF_MAX, to === undefined ? INF_MAX : INF_MIN),
      selection: {},
    });
    return rows;
  }
}

export type ReadListener = (
  channelId: string,
  isBase: boolean,
  token: string,
  page: Awaited<ReturnType<Tunnels["reader"]["read"]>>,
) => void;
