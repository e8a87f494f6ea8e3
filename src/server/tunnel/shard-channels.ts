import type { Shard, Stream, Streams } from "../../store/stream.ts";
import type { TunnelConfigRecord, TunnelRecord } from "../../store/tunnel-records.ts";
import { newChannel, type NewChannel } from "./channel.ts";
import { streamToken } from "./token.ts";
import type { Tunnel } from "./tunnel.ts";
import { FINISHED } from "../../wire/tunnel-token.ts";

/** The part of a stream that a tunnel hands out, in microseconds since 1970: [start, end). */
export interface StreamSpan {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** A start counts for tunnels of the stream alone: with base data the stream begins where they do. That an end excludes itself is unverified. */
export function spanOf({ type, config = {} }: Pick<TunnelRecord, "type" | "config">): StreamSpan {
  return { start: type === "Stream" ? micros(config.startOffset) : undefined, end: micros(config.endOffset) };
}

/**
 * The channels of a stream at a tunnel's beginning. What has been read by then stands there as terminated, so that only what comes later is new. A
 * start before the oldest record retained means that record, which may be later than what was asked for (unverified for the service).
 */
export function firstChannels(streams: Streams, stream: Stream, tunnel: Pick<TunnelRecord, "type" | "config">): NewChannel[] {
  const span = spanOf(tunnel);
  const earliest = tunnel.type === "Stream" && (span.start !== undefined || tunnel.config?.flag === "earliest");
  return stream.shards.filter(beginsIn(span)).map((shard) => {
    if (earliest) return channelOf(shard, Math.max(streams.oldest(shard), span.start ?? 0));
    const channel = channelOf(shard, streams.end(shard));
    return shard.closed ? { ...channel, status: "terminated", checkpoint: FINISHED } : channel;
  });
}

/**
 * Gives each shard that came up since then its channel, and drops those of shards that are read and gone. False where a shard came and went unseen,
 * so that what was written to it is not handed out.
 */
export function followShards(tunnel: Tunnel, stream: Stream): boolean {
  const { channels } = tunnel;
  const span = spanOf(tunnel.record);
  const there = new Set<string>();
  for (const shard of stream.shards.filter(beginsIn(span))) {
    there.add(shard.id);
    if (channels.get(shard.id) === undefined) {
      const parents = parentsOf(shard);
      if (parents.length === 0 || parents.some((id) => channels.get(id) === undefined)) return false;
      channels.add(channelOf(shard, Math.max(shard.createdAt, span.start ?? 0)));
    }
    channels.get(shard.id)!.shard = shard;
  }
  for (const channel of channels.all()) {
    if (!channel.isBase && channel.terminated && !there.has(channel.id)) channels.forget(channel);
  }
  return true;
}

/** Whether a shard can hold anything before the end. */
function beginsIn({ end }: StreamSpan): (shard: Shard) => boolean {
  return ({ createdAt }) => end === undefined || createdAt < end;
}

function channelOf(shard: Shard, position: number): NewChannel {
  return newChannel({ id: shard.id, parents: parentsOf(shard) }, streamToken(shard.id, { position, count: 0 }), position);
}

function parentsOf({ parentId, parentSiblingId }: Shard): string[] {
  return [parentId, parentSiblingId].filter((id) => id !== undefined);
}

/** Nanoseconds in decimal as the first microsecond that is not before them; 0 is what clients send for none. */
function micros(offset: TunnelConfigRecord["startOffset"]): number | undefined {
  return offset === undefined || offset === "0" ? undefined : Number((BigInt(offset) + 999n) / 1000n);
}
