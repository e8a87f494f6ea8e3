/** First and greatest pause between reads of a drained channel: two requests a second while nothing happens. */
const FIRST_MS = 10;
const MOST_MS = 500;
/** Doublings after which even the shortest pause that chance may give is the greatest. */
const STEPS_MAX = 7;
/** For so long a read of a drained channel may wait at an embedded server: so that an idle worker's requests of all kinds come to less than two a second a channel. */
export const WAIT_MS = 600;
/** Empty answers in a row that came clearly sooner than they might have, after which the server is taken not to wait. */
const EARLY_MAX = 2;

/** How one read went. */
export interface ReadOutcome {
  readonly records: number;
  /** More was ready. */
  readonly more: boolean;
  /** It was allowed to wait at the server. */
  readonly waited: boolean;
  /** Milliseconds until the answer. */
  readonly tookMs: number;
}

/**
 * How long to pause before a channel is read again (reference 5.4): not at all while more is ready; else from 10 ms on, doubled with each empty page up to 500 ms, and
 * from the beginning with each record. A server that waits for changes by itself is asked at once again instead. No time passes in here.
 */
export class ReadPause {
  #steps = 0;
  #early = 0;
  #drained = false;

  /** Whether the next read should wait at the server, if it can. */
  get mayWait(): boolean {
    return this.#drained && this.#early < EARLY_MAX;
  }

  /** Milliseconds to pause after a read. @param chance in [0, 1) */
  after({ records, more, waited, tookMs }: ReadOutcome, chance: number): number {
    this.#drained = !more;
    if (records > 0) this.#steps = 0;
    if (more) return 0;
    if (waited && records === 0) {
      this.#early = tookMs < WAIT_MS / 2 ? this.#early + 1 : 0;
      if (this.#early === 0) return jittered(FIRST_MS, chance);
    }
    const full = FIRST_MS * 2 ** this.#steps;
    this.#steps = Math.min(this.#steps + 1, STEPS_MAX);
    return Math.min(MOST_MS, jittered(full, chance));
  }
}

function jittered(full: number, chance: number): number {
  return full / 2 + (full / 2) * chance;
}
