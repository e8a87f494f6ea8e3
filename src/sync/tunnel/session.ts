import { underSignals } from "../../base/under-signals.ts";
import { TransportError } from "../../client/transport-error.ts";
import { tunnelConnect } from "../../wire/operation/tunnel-connect.ts";
import { ChannelFailures } from "./channel-failures.ts";
import { Membership } from "./membership.ts";
import { momentOf, SessionLife } from "./session-life.ts";
import { termsOf, type SessionTerms, type TunnelSessionOptions } from "./session-terms.ts";
import { briefly, codedError, meaningOf } from "./tunnel-errors.ts";

const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 5000;
/** Before connecting anew under another id, by chance: so that the clients of a restarted server do not come all at once. */
const ANEW_MS = 1000;

/**
 * A worker's place among the clients of a tunnel: it is handed channels, runs them, gives them back, and when the tunnel has let go of it takes part again
 * under another client id. What it has in hand at any time is what the last answered heartbeat said.
 */
export class TunnelSession {
  readonly #terms: SessionTerms;
  readonly #failures: ChannelFailures;
  readonly #running = new Map<string, Promise<void>>();

  constructor(options: TunnelSessionOptions) {
    this.#terms = termsOf(options);
    this.#failures = new ChannelFailures(options.clock, options.chance, options.note);
  }

  /**
   * Resolves after an orderly end: every channel was closed, that was told, and the client was signed off. Runners have returned by then, but those that
   * ignored for a session's time-out that they had to.
   * @throws TF_CHANGES_EXPIRED, TF_TUNNEL_MISSING; what the service answers that will not change by itself, as missing permissions; what kept it from connecting for
   *   too long; the reason of `kill`
   */
  async run(): Promise<void> {
    const { signal, kill, chance, heartbeatMs } = this.#terms;
    try {
      for (;;) {
        const membership = await this.#connect();
        if (membership === undefined || (await membership.run()) === "left") break;
        if (signal.aborted) break;
        await this.#pause(chance.next() * Math.min(ANEW_MS, heartbeatMs));
      }
    } finally {
      if (kill?.aborted !== true) await this.#returned();
    }
  }

  /** Undefined when the session was asked to end before. */
  async #connect(): Promise<Membership | undefined> {
    const { client, tunnelId, clock, chance, tag, timeoutMs, requestDeadlineMs, patienceMs, signal, kill } = this.#terms;
    const began = clock.monotonic();
    const request = { tunnelId, client: { timeoutSeconds: Math.ceil(timeoutMs / 1000), tag } };
    for (let failures = 0; ; failures++) {
      kill?.throwIfAborted();
      if (signal.aborted) return undefined;
      const sentAt = momentOf(clock);
      try {
        const call = (either: AbortSignal) => client.call(tunnelConnect, request, { signal: either, timeoutMs: requestDeadlineMs });
        const { clientId } = await underSignals([signal, kill], call, { clock, ms: requestDeadlineMs, late: lateConnect });
        const life = new SessionLife(clock, `tunnel ${tunnelId}`, this.#terms, sentAt);
        return new Membership({ terms: this.#terms, clientId, life, failures: this.#failures, running: this.#running });
      } catch (error) {
        kill?.throwIfAborted();
        if (signal.aborted) return undefined;
        const full = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 16));
        const pauseMs = full / 2 + (full / 2) * chance.next();
        if (meaningOf(error) !== "passing" || clock.monotonic() - began + pauseMs > patienceMs) throw codedError(error, tunnelId);
        this.#failures.note(`Tunnel ${tunnelId} cannot be reached, and is tried again: ${briefly(error)}`);
        await this.#pause(pauseMs);
      }
    }
  }

  /** Waits, but no longer than the session goes on. */
  async #pause(ms: number): Promise<void> {
    const { clock, signal, kill } = this.#terms;
    await underSignals([signal, kill], (either) => clock.sleep(ms, either)).catch(() => undefined);
    kill?.throwIfAborted();
  }

  /** Waits until all runners have returned, for a session's time-out at most. */
  async #returned(): Promise<void> {
    const { clock, timeoutMs, kill, note } = this.#terms;
    if (this.#running.size === 0) return;
    const waited = new AbortController();
    const late = underSignals([waited.signal, kill], (signal) => clock.sleep(timeoutMs, signal)).then(
      () => note(`Channels that did not stop: ${[...this.#running.keys()].join(", ")}.`),
      () => undefined,
    );
    await Promise.race([Promise.all(this.#running.values()), late]);
    waited.abort("returned");
  }
}

function lateConnect(): TransportError {
  return new TransportError("TF_TIMEOUT", true, { message: "no answer to a connect in time" });
}
