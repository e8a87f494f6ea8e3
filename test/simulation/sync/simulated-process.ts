import { seededChance, type Chance } from "../../../src/base/chance.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { type EventClock, sleepBy } from "./event-clock.ts";

/** A process: whatever reaches it from outside, timers included, comes through `deliver`. */
export class SimulatedProcess {
  readonly name: string;
  readonly chance: Chance;
  readonly clock: Clock;
  /** Nothing of it happens any more. */
  dead = false;
  /** Stopped, as by SIGSTOP: what would reach it is held back. */
  stopped = false;
  /** Milliseconds by which its wall clock is wrong. */
  wallOffset = 0;
  readonly #time: EventClock;
  readonly #fate: Chance;
  #held: (() => void)[] = [];

  constructor(name: string, time: EventClock, seed: number) {
    this.name = name;
    this.#time = time;
    this.chance = seededChance(seed);
    this.#fate = seededChance(seed + 1);
    const after = (ms: number, run: () => void) => this.#after(ms, run);
    this.clock = {
      now: () => time.now() + this.wallOffset,
      nowMicros: () => time.nowMicros() + this.wallOffset * 1000,
      monotonic: () => time.monotonic(),
      after,
      sleep: (ms, signal) => sleepBy({ after }, ms, signal),
    };
  }

  crash(): void {
    this.dead = true;
    this.#held = [];
  }

  stop(): void {
    this.stopped = true;
  }

  /** Whatever was held back comes one by one, timers that are overdue among answers, in an order of chance. */
  continue(): void {
    this.stopped = false;
    const held = this.#held.splice(0);
    while (held.length > 0) {
      const [run] = held.splice(Math.floor(this.#fate.next() * Math.min(held.length, 4)), 1);
      this.#time.after(0, () => this.deliver(run!));
    }
  }

  deliver(run: () => void): void {
    if (this.dead) return;
    if (this.stopped) this.#held.push(run);
    else run();
  }

  #after(ms: number, run: () => void): () => void {
    let cancelled = false;
    const cancel = this.#time.after(ms, () =>
      this.deliver(() => {
        if (!cancelled) run();
      }),
    );
    return () => {
      cancelled = true;
      cancel();
    };
  }
}
