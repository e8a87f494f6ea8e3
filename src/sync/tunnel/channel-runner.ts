import { TableferryError } from "../../base/error.ts";
import { unlessGivenUp } from "../../base/given-up.ts";
import type { Fence } from "../../pipeline/fence.ts";
import type { ChannelCalls } from "./channel-calls.ts";
import type { ChannelFailures } from "./channel-failures.ts";
import type { RunnerEnd } from "./channel-list.ts";
import { HeldTunnelChannel } from "./held-tunnel-channel.ts";
import type { SessionTerms } from "./session-terms.ts";
import { codedError, endsSession, fenced } from "./tunnel-errors.ts";

export interface ChannelRunnerOptions {
  readonly calls: ChannelCalls;
  readonly terms: SessionTerms;
  readonly failures: ChannelFailures;
  /** Of the client as a whole. */
  readonly fence: Fence;
  /** Settles when an earlier runner of this channel in this process has returned. */
  readonly before: Promise<void> | undefined;
  /** Told when the service says that the channel is not ours. */
  readonly onGone: () => void;
}

/** How a runner came to its end. */
export interface Ran {
  readonly end: RunnerEnd;
  /** Why it failed. */
  readonly error?: unknown;
}

/**
 * One channel's time with this client: wait for whoever ran it here before, fetch the checkpoint, run. Whatever comes of that, the fence has fallen
 * when `ran` settles, so that nothing is sent behind the report.
 */
export class ChannelRunner {
  readonly channelId: string;
  /** Never rejects. */
  readonly ran: Promise<Ran>;
  readonly #options: ChannelRunnerOptions;
  readonly #lost = new AbortController();
  readonly #closing = new AbortController();
  /** The client wants it no more: that it fails is no failure then. */
  #dismissed = false;
  #cancelPatience: () => void = () => undefined;

  constructor(options: ChannelRunnerOptions) {
    this.#options = options;
    this.channelId = options.calls.channelId;
    this.ran = this.#run().then((ran) => {
      this.#end(fenced(this.#place, "the channel was given back"));
      return ran;
    });
  }

  /** Asks it to finish what is under way. @param overdue called when it has not for a session's time-out; it is lost then */
  close(overdue: () => void): void {
    if (this.#closing.signal.aborted) return;
    this.#dismissed = true;
    const { clock, timeoutMs } = this.#options.terms;
    this.#closing.abort(new TableferryError("TF_STOPPED", { message: "the channel was asked back", place: this.#place }));
    this.#cancelPatience = clock.after(timeoutMs, () => {
      this.#end(fenced(this.#place, `it was asked back, and not given back within ${timeoutMs} ms`));
      overdue();
    });
  }

  /** Ends its right to do anything, at once. */
  lose(reason: unknown): void {
    this.#dismissed = true;
    this.#end(reason);
  }

  get #place(): string {
    return `channel ${this.channelId}`;
  }

  #end(reason: unknown): void {
    this.#cancelPatience();
    this.#lost.abort(reason);
    this.#closing.abort(reason);
  }

  async #run(): Promise<Ran> {
    const { failures, terms } = this.#options;
    try {
      const end = await this.#runOnce();
      // One that stops without being asked to would be handed out again at once, and stop again.
      if (end === "closed" && !this.#dismissed) failures.add(this.channelId, new Error("it stopped by itself"));
      if (end === "finished") failures.clear(this.channelId);
      return { end };
    } catch (thrown) {
      if (this.#dismissed) return { end: "failed" };
      const error = codedError(thrown, terms.tunnelId);
      if (!endsSession(error)) failures.add(this.channelId, error);
      return { end: "failed", error };
    }
  }

  async #runOnce(): Promise<Exclude<RunnerEnd, "failed">> {
    const { calls, terms, failures } = this.#options;
    const closing = this.#closing.signal;
    const lost = this.#lost.signal;
    await this.#outliveEarlier();
    const pauseMs = failures.pauseMs(this.channelId);
    if (pauseMs > 0) await terms.clock.sleep(pauseMs, closing);
    const stored = await calls.getCheckpoint(lost);
    if (closing.aborted) return "closed";
    const channel = new HeldTunnelChannel({
      calls,
      terms,
      stored,
      fence: this.#fence(),
      lost,
      closing,
      onGone: (error) => this.#gone(error),
      onProgress: () => failures.clear(this.channelId),
    });
    const end = await terms.run(channel);
    lost.throwIfAborted();
    if (end === "finished" && !channel.finished) {
      throw new TableferryError("TF_INTERNAL", {
        message: "expected a channel that is finished to have its checkpoint there",
        place: this.#place,
      });
    }
    return end;
  }

  /** Waits until an earlier runner has returned, for a time-out at most: whoever has not by then has no fence to send anything behind. */
  async #outliveEarlier(): Promise<void> {
    const { before, terms } = this.#options;
    if (before === undefined) return;
    const over = new Promise<void>((resolve) => {
      const cancel = terms.clock.after(terms.timeoutMs, resolve);
      void before.then(() => {
        cancel();
        resolve();
      });
    });
    await unlessGivenUp(over, this.#closing.signal);
  }

  #gone(error: unknown): void {
    this.#end(error);
    this.#options.onGone();
  }

  /** The client's fence, fallen for good once this channel is lost (R2). */
  #fence(): Fence {
    const { fence } = this.#options;
    const lost = this.#lost.signal;
    return {
      requestDeadlineMs: fence.requestDeadlineMs,
      ready: async (signal) => {
        lost.throwIfAborted();
        await fence.ready(signal);
        lost.throwIfAborted();
      },
      assertMaySend: () => {
        lost.throwIfAborted();
        fence.assertMaySend();
      },
    };
  }
}
