import type { TunnelType } from "../wire/operation/tunnel-create.ts";
import { entriesOf } from "./catalogue.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { keySpace, numberKey, type Space } from "./key-space.ts";
import type { OrderedStore, StoreChange } from "./ordered-store.ts";

/** What is kept of a tunnel, as JSON. Fields may be added; none may change its meaning within a store format. */
export interface TunnelRecord {
  /** 32 hex digits. */
  readonly id: string;
  readonly tableId: number;
  readonly name: string;
  readonly type: TunnelType;
  /** Microseconds since 1970. */
  readonly createdAt: number;
  /** The stream it reads; none for base data only. */
  readonly streamId?: string | undefined;
  /** As asked for; offsets are nanoseconds since 1970 in decimal. */
  readonly config?: TunnelConfigRecord | undefined;
  /** Changes it had not handed out are not retained any more. That never mends. */
  readonly expired?: boolean | undefined;
}

export interface TunnelConfigRecord {
  readonly flag?: "latest" | "earliest" | undefined;
  readonly startOffset?: string | undefined;
  readonly endOffset?: string | undefined;
}

export type ChannelStatus = "wait" | "open" | "closing" | "close" | "terminated";

/** What is kept of a channel, likewise. */
export interface ChannelRecord {
  readonly id: string;
  /** In order of creation within the tunnel. */
  readonly number: number;
  /** Of a base channel: its range [start, end) as encoded keys in base64, INF_MIN and INF_MAX allowed. */
  readonly range?: { readonly start: string; readonly end: string } | undefined;
  /** Of a stream channel: its shard has the channel's id, and so have the shards that must be read before it. */
  readonly parents?: readonly string[] | undefined;
  readonly version: number;
  readonly status: ChannelStatus;
  /** Kept from clients by a schedule call until another one resumes it. */
  readonly suspended: boolean;
  /** A token, or `finished`. */
  readonly checkpoint: string;
  /** Of the last checkpoint accepted; 0 before the first. */
  readonly sequence: number;
  /** Up to where the checkpoint says that it was consumed, in microseconds since 1970; 0 for base data. */
  readonly position: number;
  /** Records before the checkpoint. */
  readonly count: number;
  /** Id of the client that holds it. */
  readonly owner?: string | undefined;
}

/**
 * What is kept of a client, likewise, so that after a restart nobody is handed a channel that somebody believes to hold still (engine rule R2). When it was heard
 * last is not: it counts as heard when the server starts.
 */
export interface ClientRecord {
  readonly id: string;
  /** Milliseconds of silence after which it is gone. */
  readonly timeoutMs: number;
}

export interface StoredTunnel {
  readonly record: TunnelRecord;
  readonly channels: readonly ChannelRecord[];
  readonly clients: readonly ClientRecord[];
}

/** What changed of one tunnel. */
export interface TunnelChange {
  /** Where it changed. */
  readonly record?: TunnelRecord | undefined;
  readonly channels: readonly ChannelRecord[];
  /** Ids of channels there is nothing to keep of any more. */
  readonly forgotten: readonly string[];
  /** Clients that came. */
  readonly clients: readonly ClientRecord[];
  /** Ids of clients that are gone. */
  readonly gone: readonly string[];
}

/**
 * Tunnels and their channels in the store. Keys begin with the table's id, so that what belongs to a dropped table is removed with its rows; whoever
 * writes sees to it that the table is not dropped when it is enqueued.
 */
export class TunnelRecords {
  readonly #store: OrderedStore;
  readonly #queue: CommitQueue;

  constructor(store: OrderedStore, queue: CommitQueue) {
    this.#store = store;
    this.#queue = queue;
  }

  /** Everything kept, in order of creation, of dropped tables too. */
  async load(): Promise<readonly StoredTunnel[]> {
    const tunnels = new Map<string, { record: TunnelRecord; channels: ChannelRecord[]; clients: ClientRecord[] }>();
    for await (const { value } of entriesOf(this.#store, keySpace.tunnel)) {
      const record: TunnelRecord = JSON.parse(value.toString());
      tunnels.set(record.id, { record, channels: [], clients: [] });
    }
    for await (const { key, value } of entriesOf(this.#store, keySpace.tunnelChannel)) {
      tunnels.get(tunnelOf(key))?.channels.push(JSON.parse(value.toString()));
    }
    for await (const { key, value } of entriesOf(this.#store, keySpace.tunnelClient)) {
      tunnels.get(tunnelOf(key))?.clients.push(JSON.parse(value.toString()));
    }
    for (const { channels } of tunnels.values()) channels.sort((a, b) => a.number - b.number);
    return [...tunnels.values()].sort((a, b) => a.record.createdAt - b.record.createdAt);
  }

  /** Enqueues what changed as one batch; settles when that, and everything enqueued before it, is durable. */
  save(tunnel: TunnelRecord, { record, channels, forgotten, clients, gone }: TunnelChange): Promise<void> {
    const changes: StoreChange[] = channels.map((channel) => put(channelKey(tunnel, channel.id), channel));
    for (const id of forgotten) changes.push({ type: "del", key: channelKey(tunnel, id) });
    for (const client of clients) changes.push(put(clientKey(tunnel, client.id), client));
    for (const id of gone) changes.push({ type: "del", key: clientKey(tunnel, id) });
    if (record !== undefined) changes.push(put(tunnelKey(record), record));
    return changes.length === 0 ? this.settled() : this.#queue.commit(changes);
  }

  /** Settles when everything enqueued so far is durable. */
  settled(): Promise<void> {
    return this.#queue.settled();
  }

  /** Removes a tunnel with these channels and clients of it, which are all it has. */
  remove(tunnel: TunnelRecord, channelIds: readonly string[], clientIds: readonly string[]): Promise<void> {
    const keys = [tunnelKey(tunnel), ...channelIds.map((id) => channelKey(tunnel, id)), ...clientIds.map((id) => clientKey(tunnel, id))];
    return this.#queue.commit(keys.map((key) => ({ type: "del", key })));
  }
}

function tunnelKey({ tableId, id }: TunnelRecord): Buffer {
  return keyOf(keySpace.tunnel, tableId, id);
}

function channelKey({ tableId, id }: TunnelRecord, channelId: string): Buffer {
  return keyOf(keySpace.tunnelChannel, tableId, `${id}\0${channelId}`);
}

function clientKey({ tableId, id }: TunnelRecord, clientId: string): Buffer {
  return keyOf(keySpace.tunnelClient, tableId, `${id}\0${clientId}`);
}

/** Id of the tunnel that a key of a channel or client belongs to. */
function tunnelOf(key: Buffer): string {
  return key.toString("utf8", numberKey(keySpace.tunnelChannel, 0).length).split("\0")[0]!;
}

function keyOf(space: Space, tableId: number, name: string): Buffer {
  return Buffer.concat([numberKey(space, tableId), Buffer.from(name)]);
}

function put(key: Buffer, record: TunnelRecord | ChannelRecord | ClientRecord): StoreChange {
  return { type: "put", key, value: Buffer.from(JSON.stringify(record)) };
}
