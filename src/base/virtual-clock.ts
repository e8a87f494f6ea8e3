import type { Clock } from "./clock.ts";

interface Waiter {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until told: time passes by `advance`, which runs what falls due in order. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #waiters: Waiter[] = [];

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return Math.floor(this.#now);
  }

  nowMicros(): number {
    return Math.floor(this.#now * 1000);
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = this.after(ms, () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      const stop = () => {
        cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  after(ms: number, run: () => void): () => void {
    const waiter = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#waiters.push(waiter);
    return () => {
      const at = this.#waiters.indexOf(waiter);
      if (at >= 0) this.#waiters.splice(at, 1);
    };
  }

  /** How many sleepers and timers wait. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** Lets `ms` pass; everything due runs in order of time, and promises it settles run before the next one. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#waiters.filter((w) => w.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.#waiters.splice(this.#waiters.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#now = end;
  }
}
