import type { Table } from "../../store/table.ts";
import type { StoredTunnel, TunnelChange, TunnelRecord } from "../../store/tunnel-records.ts";
import type { ChannelState } from "../../wire/operation/tunnel-describe.ts";
import type { TunnelStage, TunnelState } from "../../wire/operation/tunnel-list.ts";
import type { Channel } from "./channel.ts";
import { Channels } from "./channels.ts";

/** A tunnel, live. */
export class Tunnel {
  #record: TunnelRecord;
  #recordChanged = false;
  readonly table: Table;
  readonly channels: Channels;

  /** @param now monotonic milliseconds */
  constructor(table: Table, { record, channels, clients }: StoredTunnel, now: number) {
    this.table = table;
    this.#record = record;
    this.channels = new Channels(channels, clients, now);
  }

  get record(): TunnelRecord {
    return this.#record;
  }

  get readsStream(): boolean {
    return this.record.type !== "BaseData";
  }

  get expired(): boolean {
    return this.#record.expired === true;
  }

  /** Changes it should have handed out are gone. */
  expire(): void {
    this.#record = { ...this.#record, expired: true };
    this.#recordChanged = true;
  }

  /** What changed since this was last asked, to be enqueued in this turn. */
  takeChanged(): TunnelChange {
    const record = this.#recordChanged ? this.#record : undefined;
    this.#recordChanged = false;
    return { record, ...this.channels.takeChanged() };
  }

  /**
   * Base data first, then the stream (reference 5.8). `InitBaseDataAndStreamShard` is passed before anybody can see it: Terraform waits as long as it is
   * told. A tunnel of base data alone says at its end what the others do.
   */
  get stage(): TunnelStage {
    return this.channels.baseFinished ? "ProcessStream" : "ProcessBaseData";
  }

  /** As ListTunnel and DescribeTunnel tell of it. */
  described(): TunnelState {
    const { id, type, name, streamId = "", config, createdAt } = this.record;
    return {
      tunnelId: id,
      tunnelType: type,
      tableName: this.table.name,
      instanceName: this.table.instance,
      streamId,
      stage: this.stage,
      expired: this.expired,
      tunnelName: name,
      streamConfig: config && { flag: config.flag, startOffset: offsetOf(config.startOffset), endOffset: offsetOf(config.endOffset) },
      createTime: nanoseconds(createdAt),
    };
  }

  /** Its channels but those of shards that were read when it began. */
  describedChannels(): ChannelState[] {
    return [...this.channels.all()].filter(({ version, terminated }) => version > 0 || !terminated).map(describedChannel);
  }

  /**
   * Up to where the stream was consumed through all of its channels, in nanoseconds: before that nothing is missing. What the service says here is
   * unverified; the Java client shows the greatest of its channels.
   */
  consumedUpTo(): bigint {
    let least: number | undefined;
    let greatest = 0;
    for (const { isBase, terminated, position } of this.channels.all()) {
      if (isBase) continue;
      greatest = Math.max(greatest, position);
      if (!terminated) least = Math.min(least ?? position, position);
    }
    return nanoseconds(least ?? greatest);
  }
}

const statusWords = { wait: "WAIT", open: "OPEN", closing: "CLOSING", close: "CLOSE", terminated: "TERMINATED" } as const;

function describedChannel({ id, isBase, status, owner, position, count }: Channel): ChannelState {
  return {
    channelId: id,
    channelType: isBase ? "BaseData" : "Stream",
    channelStatus: statusWords[status],
    clientId: owner ?? "",
    channelRpo: nanoseconds(position),
    channelCount: BigInt(count),
  };
}

function nanoseconds(micros: number): bigint {
  return BigInt(micros) * 1000n;
}

function offsetOf(digits: string | undefined): bigint | undefined {
  return digits === undefined ? undefined : BigInt(digits);
}
