import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import type { FaultPoint } from "../base/fault-point.ts";
import type { Gate } from "../base/gate.ts";
import type { SourceChange } from "../connector/change.ts";
import type { Target } from "../connector/connector.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import type { Throttle } from "../pipeline/throttle.ts";
import { Writer } from "../pipeline/writer.ts";
import { FINISHED } from "../wire/tunnel-token.ts";
import type { HeldChannel } from "./channel.ts";
import { ChannelEntry } from "./channel-record.ts";
import { ChannelProgress, noCounts, type AppliedCounts } from "./channel-progress.ts";
import { FirstWriteFence } from "./first-write-fence.ts";
import { PageQueue, type Window } from "./page-queue.ts";

/** Applies changes to the target: resolves when each is acknowledged, or durably put aside. */
export interface Applier {
  apply(changes: readonly SourceChange[], signal: AbortSignal): Promise<AppliedCounts>;
}

/** What all channels of a worker share. */
export interface ChannelParts {
  readonly job: string;
  /** Names this worker in the state store. */
  readonly worker: string;
  readonly state: StateStore;
  readonly target: Pick<Target, "write">;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Bytes in flight over all channels (R14). */
  readonly room: Gate;
  /** Write requests under way over all channels. */
  readonly slots: Gate;
  readonly throttle: Throttle;
  readonly aheadBytes: number;
  readonly checkpointMs: number;
  /** Within this time what was sent has taken effect or never will: request deadline and the service's longest operation (R2). */
  readonly doubtMs: number;
  /** Resolves while the sync is not paused. */
  readonly allowed: (signal: AbortSignal) => Promise<void>;
  readonly applier: (writer: Writer, channel: HeldChannel) => Promise<Applier>;
  readonly fault?: FaultPoint | undefined;
}

/**
 * One channel from its checkpoint on: reads ahead, applies window after window, and lets the checkpoint follow what is acknowledged.
 *
 * - Windows of a channel are strictly one after another, so no two changes of one key are ever under way (R10).
 * - After an answer was lost nothing more is sent until what was sent is surely over (R2).
 * - The checkpoint never passes a change that is neither acknowledged nor durably put aside (R6, R8).
 */
export class ChannelRun {
  readonly progress: ChannelProgress;
  readonly #parts: ChannelParts;
  readonly #channel: HeldChannel;
  /** Behind everything acknowledged. */
  #position: string;
  #saved: string;
  #savedAt: number;

  constructor(parts: ChannelParts, channel: HeldChannel) {
    this.#parts = parts;
    this.#channel = channel;
    this.#position = channel.start;
    this.#saved = channel.start;
    this.#savedAt = parts.clock.monotonic();
    this.progress = new ChannelProgress(channel.id, channel.kind, parts.clock);
  }

  /** See `RunChannel`. */
  async run(): Promise<"finished" | "closed"> {
    const { job, worker, state, doubtMs, clock } = this.#parts;
    const channel = this.#channel;
    const entry = await ChannelEntry.take(state, job, channel.id, { worker, doubtMs });
    if (channel.start === FINISHED) return await this.#finish(entry, true);
    const fence = new FirstWriteFence(channel.fence, clock, entry.waitMs);
    const writer = this.#writer(fence);
    const stop = new AbortController();
    const end = () => stop.abort(channel.closing.reason);
    if (channel.closing.aborted) end();
    channel.closing.addEventListener("abort", end, { once: true });
    const queue = this.#queue(stop.signal);
    try {
      if (await this.#isBehindPredecessor(fence)) await this.#applyAll(queue, writer);
      if (this.#position === FINISHED) {
        await this.#settled(writer);
        await this.#save();
        return await this.#finish(entry, true);
      }
      channel.lost.throwIfAborted();
      await this.#save();
      return await this.#finish(entry, writer.settled);
    } finally {
      stop.abort(new Error("the channel's run is over"));
      channel.closing.removeEventListener("abort", end);
      await queue.close();
    }
  }

  /**
   * Waits until nothing that a predecessor sent can still take effect: what it parked at last is known only then (R6), and keys are parked by what the target
   * shows. False: the channel was asked back meanwhile.
   */
  async #isBehindPredecessor(fence: FirstWriteFence): Promise<boolean> {
    const { closing, lost } = this.#channel;
    try {
      await fence.ready(closing);
      return true;
    } catch (error) {
      if (closing.aborted && !lost.aborted && error === closing.reason) return false;
      throw error;
    }
  }

  #writer(fence: FirstWriteFence): Writer {
    const { target, slots, throttle, clock, chance } = this.#parts;
    return new Writer({ target, fence, slots, throttle, clock, chance, signal: this.#channel.lost });
  }

  #queue(signal: AbortSignal): PageQueue {
    const { room, aheadBytes, allowed } = this.#parts;
    return new PageQueue({ channel: this.#channel, room, aheadBytes, allowed, signal });
  }

  /** Until the channel ends or is asked back. */
  async #applyAll(queue: PageQueue, writer: Writer): Promise<void> {
    const { applier: applierFor, allowed } = this.#parts;
    const { closing, lost } = this.#channel;
    const applier = await applierFor(writer, this.#channel);
    for (;;) {
      this.progress.doing = "reading";
      const window = await queue.take();
      if (window === undefined) return;
      try {
        // What was read and not begun is read again by whoever comes next.
        if (closing.aborted) return;
        this.progress.began(window.pages);
        this.progress.doing = "paused";
        await allowed(closing);
        await this.#settled(writer);
        this.progress.doing = "applying";
        await this.#apply(window, applier);
      } catch (error) {
        if (closing.aborted && !lost.aborted && error === closing.reason) return;
        throw error;
      } finally {
        window.release();
      }
      if (this.#position !== FINISHED && this.#parts.clock.monotonic() - this.#savedAt >= this.#parts.checkpointMs) await this.#save();
    }
  }

  async #apply({ pages }: Window, applier: Applier): Promise<void> {
    const changes = pages.length === 1 ? pages[0]!.changes : pages.flatMap((page) => page.changes);
    const counts = changes.length === 0 ? noCounts : await applier.apply(changes, this.#channel.lost);
    if (changes.length > 0) this.#parts.fault?.("acknowledged");
    this.progress.applied(pages, counts);
    this.#position = pages.at(-1)!.next;
  }

  /** Waits until nothing that was sent can still take effect. */
  async #settled(writer: Writer): Promise<void> {
    while (!writer.settled) await this.#parts.clock.sleep(Math.min(this.#parts.doubtMs, 100), this.#channel.lost);
  }

  async #save(): Promise<void> {
    if (this.#position !== this.#saved) {
      await this.#channel.checkpoint(this.#position);
      this.#saved = this.#position;
      this.#parts.fault?.("checkpoint");
    }
    this.#savedAt = this.#parts.clock.monotonic();
  }

  async #finish(entry: ChannelEntry, settled: boolean): Promise<"finished" | "closed"> {
    const finished = this.#position === FINISHED;
    if (finished) this.progress.doing = "finished";
    await entry.release({ settled, finished });
    return finished ? "finished" : "closed";
  }
}
