import type { Clock } from "../base/clock.ts";

export interface Rates {
  readonly rowsPerSecond?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
}

/**
 * Keeps an average rate of rows and bytes: each piece goes when those before it are paid for, so a burst is one piece. Order
 * is kept. May be retuned while pieces wait; what is owed then is paid at the new rate.
 */
export class Throttle {
  readonly #clock: Clock;
  readonly #meters: readonly [rows: Meter, bytes: Meter];

  constructor(clock: Clock, rates: Rates) {
    this.#clock = clock;
    this.#meters = [new Meter(rates.rowsPerSecond), new Meter(rates.bytesPerSecond)];
  }

  retune(rates: Rates): void {
    const now = this.#clock.monotonic();
    this.#meters[0].retune(rates.rowsPerSecond, now);
    this.#meters[1].retune(rates.bytesPerSecond, now);
  }

  /** Resolves when the piece may go; rejects with the signal's reason. */
  async take(rows: number, bytes: number, signal?: AbortSignal): Promise<void> {
    const [rowMeter, byteMeter] = this.#meters;
    const due = [rowMeter.charge(rows, this.#clock.monotonic()), byteMeter.charge(bytes, this.#clock.monotonic())] as const;
    for (;;) {
      const now = this.#clock.monotonic();
      const wait = Math.max(rowMeter.at(due[0]), byteMeter.at(due[1])) - now;
      if (wait <= 0) return;
      // In short steps, so that a new rate is felt soon.
      await this.#clock.sleep(Math.min(wait, 500), signal);
    }
  }
}

/** Work is counted in its own unit; the time at which a mark of the count is reached follows from the rate. */
class Meter {
  #perMs: number;
  /** Work handed out so far. */
  #charged = 0;
  /** At this time this much of it was paid for. */
  #paidAt = 0;
  #paid = 0;

  constructor(perSecond: number | undefined) {
    this.#perMs = (perSecond ?? Infinity) / 1000;
  }

  /** Adds work and returns the mark at which it may begin: all before it. */
  charge(amount: number, now: number): number {
    const mark = this.#charged;
    if (this.at(mark) < now) {
      this.#paid = mark;
      this.#paidAt = now;
    }
    this.#charged += amount;
    return mark;
  }

  at(mark: number): number {
    return mark <= this.#paid ? this.#paidAt : this.#paidAt + (mark - this.#paid) / this.#perMs;
  }

  retune(perSecond: number | undefined, now: number): void {
    const elapsed = Math.max(0, now - this.#paidAt);
    this.#paid = Math.min(this.#charged, this.#perMs === Infinity ? this.#charged : this.#paid + elapsed * this.#perMs);
    this.#paidAt = Math.max(this.#paidAt, now);
    this.#perMs = (perSecond ?? Infinity) / 1000;
  }
}
