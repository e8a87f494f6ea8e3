import { hasCode, TableferryError, toError } from "../../base/error.ts";
import { unlessGivenUp } from "../../base/given-up.ts";
import { underSignals } from "../../base/under-signals.ts";
import { TransportError } from "../../client/transport-error.ts";
import type { Fence } from "../../pipeline/fence.ts";
import type { TunnelChannel } from "../../wire/operation/tunnel-channel.ts";
import { tunnelHeartbeat } from "../../wire/operation/tunnel-heartbeat.ts";
import { tunnelShutdown } from "../../wire/operation/tunnel-shutdown.ts";
import { ChannelCalls } from "./channel-calls.ts";
import type { ChannelFailures } from "./channel-failures.ts";
import { ChannelList, type Order } from "./channel-list.ts";
import { ChannelRunner } from "./channel-runner.ts";
import { momentOf, type SessionLife } from "./session-life.ts";
import type { SessionTerms } from "./session-terms.ts";
import { codedError, endsSession, fenced, meaningOf } from "./tunnel-errors.ts";

const FIRST_PAUSE_MS = 50;

export interface MembershipOptions {
  readonly terms: SessionTerms;
  readonly clientId: string;
  readonly life: SessionLife;
  readonly failures: ChannelFailures;
  /** Runners of this process that have not returned yet, of earlier memberships too. */
  readonly running: Map<string, Promise<void>>;
}

/** The tunnel service has let go of this client, or may have: it may connect anew under another id. */
class MembershipLost extends TableferryError {
  constructor(tunnelId: string, message: string) {
    super("TF_FENCED", {
      message,
      place: `tunnel ${tunnelId}`,
      wayOut: "Nothing was sent after that. The session connects again by itself.",
    });
  }
}

/**
 * One client id's time with a tunnel: heartbeats, and a runner for each channel that is handed out (reference 5.3). What runners come to is told at once,
 * not with the next tick, so that a hand-over takes one round trip.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #list = new ChannelList();
  readonly #runners = new Map<string, ChannelRunner>();
  /** Aborted when nothing may be done under this id any more; the reason is what runners are told. */
  readonly #over = new AbortController();
  readonly #fence: Fence;
  /** A heartbeat is wanted before its time. */
  #wanted = false;
  #wake: () => void = () => undefined;
  /** Settled by the next heartbeat that is answered. */
  #answered = Promise.withResolvers<void>();
  /** What had been reported when the last answered heartbeat was put together. */
  #told = 0;
  #ending = false;
  #cancelWatch: () => void = () => undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
    const { life } = options;
    this.#fence = {
      requestDeadlineMs: life.requestDeadlineMs,
      ready: (signal) => this.#ready(signal),
      assertMaySend: () => {
        this.#over.signal.throwIfAborted();
        life.assertMaySend();
      },
    };
  }

  /**
   * Resolves `left` after an orderly end, `lost` when the channels are gone and connecting anew may help.
   * @throws TF_CHANGES_EXPIRED, TF_TUNNEL_MISSING, errors of the service that will not change, the reason of `kill`
   */
  async run(): Promise<"left" | "lost"> {
    const { signal, kill } = this.#options.terms;
    const end = () => this.#end();
    const drop = () => this.#lose(kill?.reason);
    signal.addEventListener("abort", end);
    kill?.addEventListener("abort", drop);
    if (kill?.aborted === true) drop();
    if (signal.aborted) end();
    this.#watch();
    try {
      for (;;) {
        const sent = await this.#beat();
        if (this.#ending && this.#runners.size === 0 && this.#told === this.#list.reports) return await this.#leave();
        await this.#rest(sent);
      }
    } catch (thrown) {
      // What ended it comes before what was interrupted by that.
      const error: unknown = this.#over.signal.aborted ? this.#over.signal.reason : thrown;
      this.#lose(error);
      kill?.throwIfAborted();
      if (!(error instanceof MembershipLost)) throw error;
      this.#options.terms.note(`Tunnel ${this.#options.terms.tunnelId}: ${error.sentence}; connecting again.`);
      return "lost";
    } finally {
      this.#cancelWatch();
      signal.removeEventListener("abort", end);
      kill?.removeEventListener("abort", drop);
    }
  }

  /** Sends heartbeats until one is answered. */
  async #beat(): Promise<number> {
    const { terms, clientId, life } = this.#options;
    const { client, clock, chance, tunnelId, requestDeadlineMs, heartbeatMs } = terms;
    for (let failures = 0; ; failures++) {
      this.#over.signal.throwIfAborted();
      if (life.left <= 0) throw new MembershipLost(tunnelId, life.passed().sentence);
      const sentAt = momentOf(clock);
      const reports = this.#list.reports;
      const request = { tunnelId, clientId, channels: this.#list.told() };
      this.#wanted = false;
      try {
        const call = (signal: AbortSignal) => client.call(tunnelHeartbeat, request, { signal, timeoutMs: requestDeadlineMs });
        const { channels } = await underSignals([this.#over.signal], call, { clock, ms: requestDeadlineMs, late: lateHeartbeat });
        this.#over.signal.throwIfAborted();
        life.renew(sentAt);
        this.#told = reports;
        this.#obey(channels);
        this.#answered.resolve();
        this.#answered = Promise.withResolvers();
        return sentAt.monotonic;
      } catch (error) {
        this.#over.signal.throwIfAborted();
        this.#judge(error);
      }
      const full = Math.min(heartbeatMs, FIRST_PAUSE_MS * 2 ** Math.min(failures, 16));
      await clock.sleep(full / 2 + (full / 2) * chance.next(), this.#over.signal);
    }
  }

  /** @throws unless trying again may help */
  #judge(error: unknown): void {
    switch (meaningOf(error)) {
      case "passing":
        return;
      case "gone":
        throw new MembershipLost(this.#options.terms.tunnelId, `the service has let go of this client (${toError(error).message})`);
      case "expired":
      case "missing":
      case "refused":
        throw codedError(error, this.#options.terms.tunnelId);
    }
  }

  /** Waits for the next tick, or until a heartbeat is wanted. */
  async #rest(sentAt: number): Promise<void> {
    const { clock, heartbeatMs } = this.#options.terms;
    const nap = new AbortController();
    this.#wake = () => nap.abort("wanted");
    if (this.#wanted || this.#over.signal.aborted) return;
    await clock.sleep(Math.max(0, sentAt + heartbeatMs - clock.monotonic()), nap.signal).catch(() => undefined);
  }

  #want(): void {
    this.#wanted = true;
    this.#wake();
  }

  #obey(reply: readonly TunnelChannel[]): void {
    for (const { channelId, what } of this.#list.merge(reply, !this.#ending)) this.#carryOut(channelId, what);
    if (this.#told !== this.#list.reports) this.#want();
  }

  #carryOut(channelId: string, what: Order["what"]): void {
    if (what === "start") return this.#start(channelId);
    const runner = this.#runners.get(channelId);
    if (runner === undefined) return;
    if (what === "close") return this.#close(runner);
    this.#runners.delete(channelId);
    runner.lose(fenced(`channel ${channelId}`, "the tunnel does not list the channel as ours any more"));
  }

  #start(channelId: string): void {
    const { terms, clientId, failures, running } = this.#options;
    const runner = new ChannelRunner({
      calls: new ChannelCalls({ ...terms, clientId, channelId }),
      terms,
      failures,
      fence: this.#fence,
      before: running.get(channelId),
      onGone: () => this.#want(),
    });
    this.#runners.set(channelId, runner);
    const over = runner.ran.then(({ end, error }) => {
      if (running.get(channelId) === over) running.delete(channelId);
      if (this.#runners.get(channelId) !== runner) return;
      this.#runners.delete(channelId);
      this.#list.ended(channelId, end);
      if (endsSession(error)) this.#lose(error);
      this.#want();
    });
    running.set(channelId, over);
  }

  #close(runner: ChannelRunner): void {
    runner.close(() => {
      if (this.#runners.get(runner.channelId) !== runner) return;
      this.#runners.delete(runner.channelId);
      this.#list.ended(runner.channelId, "closed");
      this.#want();
    });
  }

  #end(): void {
    this.#ending = true;
    for (const runner of this.#runners.values()) this.#close(runner);
    this.#want();
  }

  async #leave(): Promise<"left"> {
    const { terms, clientId } = this.#options;
    const { client, tunnelId, requestDeadlineMs } = terms;
    const signal = this.#over.signal;
    // Best effort: what is not heard is seen by the silence (reference 5.3).
    await client.call(tunnelShutdown, { tunnelId, clientId }, { signal, timeoutMs: requestDeadlineMs }).catch(() => undefined);
    return "left";
  }

  async #ready(signal: AbortSignal | undefined): Promise<void> {
    const { life } = this.#options;
    const over = this.#over.signal;
    over.throwIfAborted();
    while (!life.maySend) {
      if (life.left <= 0) throw life.passed();
      const answered = this.#answered.promise;
      this.#want();
      await underSignals([over, signal], (either) => unlessGivenUp(answered, either));
    }
    over.throwIfAborted();
  }

  /** Everything is lost once the time-out has passed, also while a heartbeat is under way. */
  #watch(): void {
    const { terms, life } = this.#options;
    this.#cancelWatch = terms.clock.after(Math.max(0, life.left), () => {
      if (life.left > 0) return this.#watch();
      this.#lose(new MembershipLost(terms.tunnelId, life.passed().sentence));
    });
  }

  #lose(reason: unknown): void {
    const told = hasCode(reason, "TF_FENCED") ? reason : fenced(`tunnel ${this.#options.terms.tunnelId}`, "the session has ended", reason);
    for (const runner of this.#runners.values()) runner.lose(told);
    this.#runners.clear();
    if (!this.#over.signal.aborted) this.#over.abort(reason);
    this.#wake();
  }
}

function lateHeartbeat(): TransportError {
  return new TransportError("TF_TIMEOUT", true, { message: "no answer to a heartbeat in time" });
}
