import type { Clock } from "../../base/clock.ts";
import { limits } from "../../model/limits.ts";
import { StreamTrimmed, type ChangePage, type Shard, type Streams } from "../../store/stream.ts";
import type { TableStore } from "../../store/table-store.ts";
import type { TunnelReadRecordsResponse } from "../../wire/operation/tunnel-read-records.ts";
import { singleRows } from "../../wire/plainbuffer/single-rows.ts";
import { FINISHED } from "../../wire/tunnel-token.ts";
import type { Patience } from "../call-context.ts";
import type { Channel } from "./channel.ts";
import { ReadWaits } from "./read-waits.ts";
import { refusal } from "./refusal.ts";
import { spanOf } from "./shard-channels.ts";
import { baseToken, placeOf, streamToken, type BasePlace, type StreamPlace } from "./token.ts";
import type { Tunnel } from "./tunnel.ts";

/** More than what clients that do not know `may_more_record` take for a full page: 500 records or 900 KB (reference 5.4). */
const pageMax = { limit: limits.streamRecordsMax, bytes: limits.streamBytesMax } as const;

const nothingMore: TunnelReadRecordsResponse = { records: [], nextToken: FINISHED, mayMoreRecord: false };

/** Reads channels for those who hold them. */
export class ChannelReader {
  readonly #store: TableStore;
  readonly #streams: Streams;
  readonly #clock: Clock;
  readonly #waits: ReadWaits;

  constructor(store: TableStore, streams: Streams, clock: Clock) {
    this.#store = store;
    this.#streams = streams;
    this.#clock = clock;
    this.#waits = new ReadWaits(streams, clock);
  }

  /** Answers whoever waits for changes, and lets nobody wait any more: the server stops. */
  endWaits(): void {
    this.#waits.end();
  }

  /**
   * The records of a channel from a token on. A tunnel expires where what was not consumed turns out to be gone.
   * @param patience of a reader of a drained stream channel; it is not heeded where there is something to say
   * @throws OTSParameterInvalid for a token that is not the channel's, OTSTunnelServerUnavailable for one whose records are gone, OTSResourceGone
   *   where the channel was taken from a reader that waited
   */
  async read(tunnel: Tunnel, channel: Channel, token: string, patience?: Patience): Promise<TunnelReadRecordsResponse> {
    const place = placeOf(channel, tunnel.table.schema, token);
    if (place.kind === "finished") return nothingMore;
    if (place.kind === "base") return this.#readBase(tunnel, place);
    try {
      return await this.#readStream(tunnel, channel, place, patience);
    } catch (thrown) {
      if (!(thrown instanceof StreamTrimmed)) throw thrown;
      // What lies behind a token that is older than the checkpoint was consumed.
      if (place.position >= channel.position) tunnel.expire();
      throw refusal.trimmed();
    }
  }

  /** True where what follows the checkpoint of a stream channel was there and is not retained any more. */
  async isTrimmed({ shard, position, checkpoint }: Channel): Promise<boolean> {
    if (checkpoint === FINISHED) return false;
    if (shard === undefined) return true;
    // A position before the oldest record says nothing by itself: there may never have been one in between.
    if (position >= this.#streams.oldest(shard)) return false;
    try {
      await this.#streams.read(shard, position, { limit: 1, bytes: 1 });
      return false;
    } catch (thrown) {
      if (thrown instanceof StreamTrimmed) return true;
      throw thrown;
    }
  }

  /** Rows as they are now, all versions of all cells, without a sequence (reference 5.7). What changes meanwhile stands in the stream. */
  async #readBase({ table }: Tunnel, { start, end, count }: BasePlace): Promise<TunnelReadRecordsResponse> {
    const { limit, bytes } = pageMax;
    const { rows, nextStart } = await this.#store.readRange(table, { direction: "forward", start, end, limit, bytes, selection: {} });
    const records = singleRows(rows).map((record) => ({ action: "put" as const, record }));
    if (nextStart === undefined) return { ...nothingMore, records };
    return { records, nextToken: baseToken(nextStart, count + records.length), mayMoreRecord: true };
  }

  async #readStream(
    tunnel: Tunnel,
    channel: Channel,
    { position, count }: StreamPlace,
    patience: Patience | undefined,
  ): Promise<TunnelReadRecordsResponse> {
    const { shard, owner } = channel;
    if (shard === undefined) throw new StreamTrimmed();
    const { end } = spanOf(tunnel.record);
    const read = () => (end === undefined ? this.#streams.read(shard, position, pageMax) : this.#readUpTo(shard, position, end));
    let page = await read();
    if (patience !== undefined) {
      const until = this.#clock.monotonic() + patience.ms;
      while (page.records.length === 0 && !page.ended && (await this.#waits.forChange(channel, shard, position, until, patience.signal))) {
        page = await read();
      }
      if (channel.owner !== owner) throw refusal.channelGone();
    }
    const progress = { position: page.next, count: count + page.records.length };
    channel.lastRead = progress;
    if (page.ended) return { ...nothingMore, records: page.records };
    return { records: page.records, nextToken: streamToken(channel.id, progress), mayMoreRecord: page.more };
  }

  /** A page of a shard that ends there, at the latest once that time has come: sequences follow the clock, and whatever has an earlier one by then is waited for. */
  async #readUpTo(shard: Shard, from: number, end: number): Promise<ChangePage> {
    const over = this.#clock.nowMicros() >= end;
    if (over) await this.#store.tunnelRecords.settled();
    const page = await this.#streams.read(shard, from, pageMax);
    const beyond = page.records.findIndex(({ sequence }) => sequence >= end);
    if (beyond < 0) return { ...page, ended: page.ended || (over && !page.more) };
    const records = page.records.slice(0, beyond);
    return { records, next: records.length === 0 ? from : records.at(-1)!.sequence + 1, more: false, ended: true };
  }
}
