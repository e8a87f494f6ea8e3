import type { Chance } from "../../base/chance.ts";
import type { Clock } from "../../base/clock.ts";
import type { RecordPage } from "../../wire/operation/record-page.ts";
import { FINISHED } from "../../wire/tunnel-token.ts";
import type { ChangePage } from "../channel.ts";
import type { ChannelCalls } from "./channel-calls.ts";
import { UndecodedPage } from "./decode-page.ts";
import type { PageRooms } from "./page-rooms.ts";
import { ReadPause, WAIT_MS } from "./read-pause.ts";
import type { Seats } from "./seats.ts";

/** A page with more than this counts as full where the service does not say whether there is more (reference 5.4). */
const FULL_RECORDS = 500;
const FULL_BYTES = 900 * 1024;

export interface ChannelFeedOptions {
  readonly calls: ChannelCalls;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly seats: Seats;
  readonly rooms: PageRooms;
  /** Base data is read without pauses: nothing is waited for there. */
  readonly kind: "base" | "stream";
}

/** Reads a channel page by page, pausing where there is nothing (`ReadPause`). */
export class ChannelFeed {
  readonly #options: ChannelFeedOptions;
  readonly #pause = new ReadPause();
  /** Monotonic milliseconds before which nothing is asked. */
  #notBefore = -Infinity;

  constructor(options: ChannelFeedOptions) {
    this.#options = options;
  }

  /** @throws ServiceError, TF_WIRE_CORRUPT, the signal's reason */
  async next(token: string, signal: AbortSignal): Promise<ChangePage> {
    const { clock, rooms } = this.#options;
    if (token === FINISHED) return { changes: [], bytes: 0, next: FINISHED, more: false, askedAt: clock.now() };
    signal.throwIfAborted();
    const pauseMs = this.#notBefore - clock.monotonic();
    if (pauseMs > 0) await clock.sleep(pauseMs, signal);
    const askedAt = clock.now();
    const page = await this.#ask(token, signal);
    return new UndecodedPage(page, { more: moreOf(page), askedAt }, rooms);
  }

  async #ask(token: string, signal: AbortSignal): Promise<RecordPage> {
    const { calls, clock, chance, seats, rooms, kind } = this.#options;
    const waited = this.#pause.mayWait && kind === "stream" && seats.take();
    const began = clock.monotonic();
    try {
      const page = await calls.readRecords(token, waited ? WAIT_MS : undefined, rooms.room, signal);
      const now = clock.monotonic();
      const more = moreOf(page) || (kind === "base" && page.count > 0);
      this.#notBefore = now + this.#pause.after({ records: page.count, more, waited, tookMs: now - began }, chance.next());
      return page;
    } finally {
      if (waited) seats.giveBack();
    }
  }
}

/** Whether the channel can be read on at once. */
function moreOf({ nextToken, mayMoreRecord, count, recordBytes }: RecordPage): boolean {
  if (nextToken === FINISHED) return false;
  return mayMoreRecord ?? (count > FULL_RECORDS || recordBytes > FULL_BYTES);
}
