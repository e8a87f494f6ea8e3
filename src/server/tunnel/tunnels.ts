import type { Chance } from "../../base/chance.ts";
import type { Clock } from "../../base/clock.ts";
import { limits } from "../../model/limits.ts";
import type { Streams } from "../../store/stream.ts";
import type { Table } from "../../store/table.ts";
import type { TableStore } from "../../store/table-store.ts";
import type { TunnelRecord } from "../../store/tunnel-records.ts";
import type { TunnelCreateRequest } from "../../wire/operation/tunnel-create.ts";
import { baseChannels } from "./base-ranges.ts";
import { ChannelReader } from "./channel-reader.ts";
import { refusal } from "./refusal.ts";
import { firstChannels, followShards } from "./shard-channels.ts";
import { Tunnel } from "./tunnel.ts";

export interface TunnelsOptions {
  readonly store: TableStore;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly chance: Chance;
}

/**
 * The tunnels of a store. Definitions, channels, checkpoints and who holds what are kept in it and loaded once. An operation judges and enqueues
 * within one turn of the event loop (see CommitQueue) and answers when `save` has settled.
 */
export class Tunnels {
  readonly #store: TableStore;
  readonly #streams: Streams;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #tunnels = new Map<string, Tunnel>();
  readonly reader: ChannelReader;

  private constructor({ store, streams, clock, chance }: TunnelsOptions) {
    this.reader = new ChannelReader(store, streams, clock);
    this.#store = store;
    this.#streams = streams;
    this.#clock = clock;
    this.#chance = chance;
  }

  static async open(options: TunnelsOptions): Promise<Tunnels> {
    const tunnels = new Tunnels(options);
    const { catalogue, tunnelRecords } = options.store;
    const tables = new Map(catalogue.instances().flatMap((instance) => catalogue.tables(instance).map((table) => [table.id, table])));
    for (const stored of await tunnelRecords.load()) {
      const table = tables.get(stored.record.tableId);
      // Without a table it is removed with the table's rows.
      if (table === undefined) continue;
      const tunnel = new Tunnel(table, stored, options.clock.monotonic());
      tunnels.#tunnels.set(stored.record.id, tunnel);
      // Who holds a channel goes on reading it before anybody sends a heartbeat.
      tunnels.follow(tunnel);
    }
    return tunnels;
  }

  /** @throws OTSParameterInvalid for an unknown table, OTSTunnelExist */
  async create(instance: string, { tableName, tunnelName, tunnelType, streamConfig }: TunnelCreateRequest): Promise<Tunnel> {
    const table = this.#table(instance, tableName);
    this.#refuseTaken(table, tunnelName);
    if (tunnelType !== "BaseData") await this.#switchOn(table);
    const ranges = tunnelType === "Stream" ? [] : await baseChannels(this.#store, table);
    // What was true before may not be so now. From here to the end of the turn nothing changes.
    this.#refuseTaken(table, tunnelName);
    const stream = tunnelType === "BaseData" ? undefined : this.#streams.ofTable(table);
    if (table.dropped || (stream === undefined && tunnelType !== "BaseData")) throw refusal.tableMissing();
    const { flag, startOffset, endOffset } = streamConfig ?? {};
    const record: TunnelRecord = {
      id: this.#chance.id(),
      tableId: table.id,
      name: tunnelName,
      type: tunnelType,
      createdAt: this.#clock.nowMicros(),
      streamId: stream?.id,
      config: streamConfig && { flag, startOffset: startOffset?.toString(), endOffset: endOffset?.toString() },
    };
    const tunnel = new Tunnel(table, { record, channels: [], clients: [] }, this.#clock.monotonic());
    const shards = stream === undefined ? [] : firstChannels(this.#streams, stream, record);
    for (const channel of [...ranges, ...shards]) tunnel.channels.add(channel);
    this.#tunnels.set(record.id, tunnel);
    await this.#store.tunnelRecords.save(record, { ...tunnel.takeChanged(), record });
    return tunnel;
  }

  /** @throws OTSParameterInvalid `tunnel not exist` */
  find(instance: string, tunnelId: string): Tunnel {
    const tunnel = this.#tunnels.get(tunnelId);
    if (tunnel === undefined || tunnel.table.dropped || tunnel.table.instance !== instance) throw refusal.tunnelMissing(tunnelId);
    return tunnel;
  }

  /** The tunnel of a table by its name, which must have this id where one is given. @throws OTSParameterInvalid `tunnel not exist` */
  named(instance: string, tableName: string, tunnelName: string, tunnelId?: string): Tunnel {
    const tunnel = this.list(instance).find(({ table, record }) => table.name === tableName && record.name === tunnelName);
    if (tunnel === undefined || (tunnelId !== undefined && tunnelId !== tunnel.record.id)) throw refusal.tunnelMissing(tunnelName);
    return tunnel;
  }

  /** In order of creation. @throws OTSParameterInvalid for an unknown table */
  list(instance: string, tableName?: string): Tunnel[] {
    const only = tableName === undefined ? undefined : this.#table(instance, tableName);
    for (const [id, { table }] of this.#tunnels) if (table.dropped) this.#tunnels.delete(id);
    return [...this.#tunnels.values()].filter(({ table }) => table.instance === instance && (only === undefined || table === only));
  }

  async remove(tunnel: Tunnel): Promise<void> {
    this.#tunnels.delete(tunnel.record.id);
    const { forgotten, gone } = tunnel.takeChanged();
    const channels = [...forgotten, ...Array.from(tunnel.channels.all(), ({ id }) => id)];
    await this.#store.tunnelRecords.remove(tunnel.record, channels, [...gone, ...tunnel.channels.clientIds()]);
  }

  /** Enqueues what changed; settles when it is durable, and whatever the caller was shown. @throws OTSParameterInvalid for a tunnel that is gone */
  async save(tunnel: Tunnel): Promise<void> {
    this.find(tunnel.table.instance, tunnel.record.id);
    await this.#store.tunnelRecords.save(tunnel.record, tunnel.takeChanged());
  }

  /** Settles when everything that was shown is durable. */
  settled(): Promise<void> {
    return this.#store.tunnelRecords.settled();
  }

  /** Takes up new shards, and marks the tunnel as expired where one was missed or the stream is off. To be saved with what is done next. */
  follow(tunnel: Tunnel): void {
    if (!tunnel.readsStream || tunnel.expired) return;
    const stream = this.#streams.ofTable(tunnel.table);
    if (stream === undefined || stream.id !== tunnel.record.streamId || !followShards(tunnel, stream)) tunnel.expire();
  }

  /** Follows, and finds out whether changes that nobody holds the channel of are gone. */
  async examine(tunnel: Tunnel): Promise<void> {
    this.follow(tunnel);
    for (const channel of [...tunnel.channels.all()]) {
      if (tunnel.expired) return;
      if (!channel.isBase && !channel.terminated && channel.owner === undefined && (await this.reader.isTrimmed(channel))) tunnel.expire();
    }
  }

  /** @throws OTSTunnelExpired */
  async refuseExpired(tunnel: Tunnel): Promise<void> {
    if (!tunnel.expired) return;
    await this.save(tunnel);
    throw refusal.expired();
  }

  /** What the real service gives a stream it switches on for a tunnel is unverified: the longest, so that a tunnel can wait. */
  async #switchOn(table: Table): Promise<void> {
    if (this.#streams.ofTable(table) !== undefined) return;
    await this.#streams.enable(table, { expirationHours: limits.streamHoursMax, originColumns: [] });
  }

  #table(instance: string, name: string): Table {
    const table = this.#store.catalogue.tables(instance).find((one) => one.name === name);
    if (table === undefined) throw refusal.tableMissing();
    return table;
  }

  #refuseTaken(table: Table, name: string): void {
    for (const tunnel of this.#tunnels.values()) {
      if (tunnel.table === table && tunnel.record.name === name) throw refusal.tunnelExists(name);
    }
  }
}
