import type { Clock } from "../../base/clock.ts";
import type { Shard, Streams } from "../../store/stream.ts";
import type { Channel } from "./channel.ts";

/** Readers that wait for changes of a drained channel. One that waits holds a timer and four entries in sets, no lock and no snapshot. */
export class ReadWaits {
  readonly #streams: Streams;
  readonly #clock: Clock;
  readonly #all = new Set<() => void>();
  #ended = false;

  constructor(streams: Streams, clock: Clock) {
    this.#streams = streams;
    this.#clock = clock;
  }

  /**
   * True once there may be something to read from a position on. False when that moment (monotonic) has come, the signal is aborted, the channel is taken from
   * its owner, or the server stops.
   */
  async forChange(channel: Channel, shard: Shard, from: number, until: number, signal: AbortSignal | undefined): Promise<boolean> {
    const ms = until - this.#clock.monotonic();
    if (ms <= 0 || this.#ended || signal?.aborted === true) return false;
    let changed = false;
    const over = new AbortController();
    // A reason of its own spares the making of an error.
    const end = () => over.abort("over");
    const unwatch = this.#streams.watch(shard, from, () => {
      changed = true;
      end();
    });
    const waiting = (channel.waiting ??= new Set());
    waiting.add(end);
    this.#all.add(end);
    signal?.addEventListener("abort", end);
    await this.#clock.sleep(ms, over.signal).catch(() => undefined);
    unwatch();
    waiting.delete(end);
    this.#all.delete(end);
    signal?.removeEventListener("abort", end);
    return changed;
  }

  /** Ends all waits, also those to come. */
  end(): void {
    this.#ended = true;
    for (const end of this.#all) end();
  }
}
