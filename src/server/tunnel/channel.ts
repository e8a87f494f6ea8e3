import type { Shard } from "../../store/stream.ts";
import type { ChannelRecord, ChannelStatus } from "../../store/tunnel-records.ts";
import type { TunnelChannel } from "../../wire/operation/tunnel-channel.ts";

/** How far a channel was consumed. */
export interface Progress {
  /** Microseconds since 1970; 0 for base data. */
  readonly position: number;
  readonly count: number;
}

/**
 * A channel, live. `Channels` alone changes it. Its states:
 *
 * | status | held by a client | what it waits for |
 * | --- | --- | --- |
 * | wait | no | its turn (base data, parents), then a client; it was never held |
 * | open | yes | – |
 * | closing | yes | that the client reports close or terminated |
 * | close | no | a client |
 * | terminated | no | nothing: it is consumed, for ever |
 *
 * The version grows with every change of status, whoever makes it.
 */
export class Channel {
  readonly id: string;
  readonly number: number;
  readonly range: ChannelRecord["range"];
  readonly parents: readonly string[];
  version: number;
  status: ChannelStatus;
  suspended: boolean;
  checkpoint: string;
  sequence: number;
  position: number;
  count: number;
  /** Id of the client that holds it. */
  owner: string | undefined;
  /** What the last reply told its reader, for the checkpoint `finished`, which does not say it itself. */
  lastRead: Progress | undefined;
  /** To be called when its owner loses it: who waits for its changes. Made when there is somebody. */
  waiting: Set<() => void> | undefined;
  /** Of a stream channel, as it was last seen: the stream does not list a closed shard once all of its records have expired. */
  shard: Shard | undefined;

  /** As it is kept; open or closing is only what somebody holds. */
  constructor(record: ChannelRecord) {
    this.id = record.id;
    this.number = record.number;
    this.range = record.range;
    this.parents = record.parents ?? [];
    this.version = record.version;
    this.owner = record.owner;
    this.status = record.owner === undefined && (record.status === "open" || record.status === "closing") ? "close" : record.status;
    this.suspended = record.suspended;
    this.checkpoint = record.checkpoint;
    this.sequence = record.sequence;
    this.position = record.position;
    this.count = record.count;
  }

  get isBase(): boolean {
    return this.range !== undefined;
  }

  get terminated(): boolean {
    return this.status === "terminated";
  }

  record(): ChannelRecord {
    const { id, number, range, parents, version, status, suspended, checkpoint, sequence, position, count, owner } = this;
    const source = range === undefined ? { parents } : { range };
    return { id, number, ...source, version, status, suspended, checkpoint, sequence, position, count, owner };
  }

  /** As a heartbeat lists it. Only what a client holds is listed. */
  listed(): TunnelChannel {
    return { channelId: this.id, version: BigInt(this.version), status: this.status === "closing" ? "closing" : "open" };
  }
}

/** A channel that has no place among others yet. */
export type NewChannel = Omit<ChannelRecord, "number">;

/** A channel as it begins. */
export function newChannel(source: Pick<ChannelRecord, "id" | "range" | "parents">, checkpoint: string, position: number): NewChannel {
  return { ...source, version: 0, status: "wait", suspended: false, checkpoint, sequence: 0, position, count: 0 };
}
