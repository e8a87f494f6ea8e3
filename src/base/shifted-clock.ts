import type { Clock } from "./clock.ts";

interface Waiter {
  /** By this clock's monotonic time. */
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  /** Waits by the clock beneath; returns what ends the waiting. */
  readonly arm: (ms: number, due: () => void) => () => void;
  disarm: () => void;
}

/** A clock that goes on as the one beneath it and can be put ahead of it: what falls due on the way runs, in order. */
export class ShiftedClock implements Clock {
  readonly #beneath: Clock;
  readonly #waiters = new Set<Waiter>();
  #ahead = 0;
  #order = 0;
  #advanced: Promise<void> = Promise.resolve();

  constructor(beneath: Clock) {
    this.#beneath = beneath;
  }

  now(): number {
    return Math.floor(this.#beneath.now() + this.#ahead);
  }

  nowMicros(): number {
    return Math.floor(this.#beneath.nowMicros() + this.#ahead * 1000);
  }

  monotonic(): number {
    return this.#beneath.monotonic() + this.#ahead;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      // By `sleep` of the clock beneath, which keeps a process alive where its timers do not.
      const cancel = this.#wait(
        ms,
        () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        },
        (rest, due) => {
          const waiting = new AbortController();
          this.#beneath.sleep(rest, waiting.signal).then(due, () => undefined);
          return () => waiting.abort();
        },
      );
      const stop = () => {
        cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  after(ms: number, run: () => void): () => void {
    return this.#wait(ms, run, (rest, due) => this.#beneath.after(rest, due));
  }

  /** Puts the clock `ms` further ahead; settles when everything that fell due has been called, and what it settled at once has run. */
  advance(ms: number): Promise<void> {
    this.#advanced = this.#advanced.then(() => this.#advance(ms));
    return this.#advanced;
  }

  async #advance(ms: number): Promise<void> {
    const end = this.#ahead + ms;
    for (;;) {
      const next = [...this.#waiters]
        .filter(({ at }) => at <= this.#beneath.monotonic() + end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.#ahead = Math.max(this.#ahead, Math.min(end, next.at - this.#beneath.monotonic()));
      this.#run(next);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#ahead = end;
    for (const waiter of this.#waiters) {
      waiter.disarm();
      waiter.disarm = waiter.arm(waiter.at - this.monotonic(), () => this.#run(waiter));
    }
  }

  #wait(ms: number, run: () => void, arm: Waiter["arm"]): () => void {
    const rest = Math.max(0, ms);
    const waiter: Waiter = { at: this.monotonic() + rest, order: this.#order++, run, arm, disarm: () => undefined };
    this.#waiters.add(waiter);
    waiter.disarm = arm(rest, () => this.#run(waiter));
    return () => {
      if (this.#waiters.delete(waiter)) waiter.disarm();
    };
  }

  #run(waiter: Waiter): void {
    if (!this.#waiters.delete(waiter)) return;
    waiter.disarm();
    waiter.run();
  }
}
