import type { Clock } from "../../base/clock.ts";

/** A client that takes longer for its head or for its whole request is cut off, and does not hold memory meanwhile. */
export const HEAD_SECONDS = 10;
export const REQUEST_SECONDS = 60;
/** Longer than the idle time of the clients' pools, so that it is they who close. */
export const KEEP_ALIVE_SECONDS = 75;
/** No official client waits longer for an answer than it may take to read one. */
export const REPLY_SECONDS = 60;
/** Behind a last answer, for the client to read it and close. */
export const LINGER_SECONDS = 5;

/** What has a limit of time. */
export interface Limited {
  /** Beat after which its time is over. */
  readonly due: number;
  expire(): void;
}

/**
 * Limits of time of many connections by one timer that beats once a second while there are any: to begin or end a limit costs an assignment. A limit is over up to a
 * second late, never early.
 */
export class TimeLimits {
  readonly #clock: Clock;
  readonly #limited: ReadonlySet<Limited>;
  #beat = 0;
  #beating = false;

  constructor(clock: Clock, limited: ReadonlySet<Limited>) {
    this.#clock = clock;
    this.#limited = limited;
  }

  /** The beat that ends a limit of so many seconds. */
  in(seconds: number): number {
    return this.#beat + seconds + 1;
  }

  /** To be called when there is one more. */
  watch(): void {
    if (this.#beating) return;
    this.#beating = true;
    this.#clock.after(1000, () => this.#pass());
  }

  #pass(): void {
    this.#beating = false;
    this.#beat++;
    for (const each of this.#limited) if (each.due <= this.#beat) each.expire();
    if (this.#limited.size > 0) this.watch();
  }
}
