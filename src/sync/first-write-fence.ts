import type { Clock } from "../base/clock.ts";
import { SendTooLate, type Fence } from "../pipeline/fence.ts";

/** A channel's fence that lets nothing through before what a predecessor sent is surely over (R2). */
export class FirstWriteFence implements Fence {
  readonly requestDeadlineMs: number;
  readonly #inner: Fence;
  readonly #clock: Clock;
  readonly #from: number;

  constructor(inner: Fence, clock: Clock, waitMs: number) {
    this.requestDeadlineMs = inner.requestDeadlineMs;
    this.#inner = inner;
    this.#clock = clock;
    this.#from = clock.monotonic() + waitMs;
  }

  async ready(signal?: AbortSignal): Promise<void> {
    const wait = this.#from - this.#clock.monotonic();
    if (wait > 0) await this.#clock.sleep(wait, signal);
    await this.#inner.ready(signal);
  }

  assertMaySend(): void {
    if (this.#clock.monotonic() < this.#from) throw new SendTooLate();
    this.#inner.assertMaySend();
  }
}
