import type { Clock } from "../../../src/base/clock.ts";

/** Within a millisecond; more are a loop without a pause. */
const EVENTS_MAX = 5000;

interface Event {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * Virtual time for worlds with thousands of timers: events in a heap, run one by one in order of time. What one of them settles runs before the next, so that
 * a seed decides everything.
 */
export class EventClock implements Clock {
  #now: number;
  #order = 0;
  readonly #heap: Event[] = [];

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

  after(ms: number, run: () => void): () => void {
    const event: Event = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#push(event);
    return () => (event.run = undefined);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepBy(this, ms, signal);
  }

  /** Lets time pass until something is so; false when it was not within so many milliseconds. */
  async until(isSo: () => boolean, mostMs: number): Promise<boolean> {
    const end = this.#now + mostMs;
    await settled();
    for (let at = this.#now, events = 0; ; events++) {
      if (isSo()) return true;
      const next = this.#next();
      if (next === undefined || next.at > end) {
        this.#now = end;
        return false;
      }
      if (next.at > at + 1) [at, events] = [next.at, 0];
      if (events > EVENTS_MAX) throw new Error(`more than ${EVENTS_MAX} events within a millisecond`);
      this.#now = Math.max(this.#now, next.at);
      this.#pop();
      next.run!();
      await settled();
    }
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  #next(): Event | undefined {
    while (this.#heap.length > 0 && this.#heap[0]!.run === undefined) this.#pop();
    return this.#heap[0];
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(event, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, last)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Runs what is ready: all of it, since nothing in this world waits for anything but promises and the clock. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function sleepBy(clock: Pick<Clock, "after">, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
  });
}
