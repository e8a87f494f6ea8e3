import type { Clock } from "../../base/clock.ts";
import type { TableferryError } from "../../base/error.ts";
import { SendTooLate } from "../../pipeline/fence.ts";
import { fenced } from "./tunnel-errors.ts";

/** A moment on both clocks. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

/**
 * For how long a client may believe that its channels are its own (R2). Measured from the sending of the last heartbeat that was answered, on whichever of the
 * monotonic and the wall clock has gone further, since a machine that slept has only the latter.
 */
export class SessionLife {
  readonly #clock: Clock;
  readonly #place: string;
  readonly timeoutMs: number;
  readonly requestDeadlineMs: number;
  #good: Moment;

  /** @param connectedAt when the accepted connect was sent */
  constructor(clock: Clock, place: string, terms: { readonly timeoutMs: number; readonly requestDeadlineMs: number }, connectedAt: Moment) {
    this.#clock = clock;
    this.#place = place;
    this.timeoutMs = terms.timeoutMs;
    this.requestDeadlineMs = terms.requestDeadlineMs;
    this.#good = connectedAt;
  }

  renew(sentAt: Moment): void {
    this.#good = sentAt;
  }

  /** Milliseconds until others may have the channels; 0 or less: they may already. */
  get left(): number {
    return this.timeoutMs - this.#elapsed();
  }

  /** Whether something sent now will have ended while the channels are still ours. */
  get maySend(): boolean {
    return this.left >= this.requestDeadlineMs;
  }

  /** Synchronous, for the moment before bytes leave. @throws TF_FENCED when the time-out has passed; SendTooLate when a heartbeat is due first */
  assertMaySend(): void {
    if (this.maySend) return;
    throw this.left <= 0 ? this.passed() : new SendTooLate();
  }

  passed(): TableferryError {
    return fenced(this.#place, `no heartbeat was answered for ${Math.round(this.#elapsed())} ms, and others may have the channels by now`);
  }

  #elapsed(): number {
    const now = momentOf(this.#clock);
    return Math.max(now.monotonic - this.#good.monotonic, now.wall - this.#good.wall);
  }
}

export function momentOf(clock: Clock): Moment {
  return { monotonic: clock.monotonic(), wall: clock.now() };
}
