import { setMaxListeners } from "node:events";
import type { Clock } from "../base/clock.ts";

/**
 * How a copy ends before its time. `stop`: after the batches under way, each with its checkpoint; asked for by the user, or by
 * a worker that failed. `abort`: what is under way is given up too; some time after a stop that the user asked for, or at once when
 * another run has taken over.
 */
export class StopSignals {
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
  readonly #stop = new AbortController();
  readonly #abort = new AbortController();
  readonly #end: () => void;

  /** @param graceMs from the user's wish to giving up what is under way */
  constructor(user: AbortSignal, lost: AbortSignal, clock: Clock, graceMs: number) {
    this.stop = this.#stop.signal;
    this.abort = this.#abort.signal;
    // Every parcel under way listens.
    setMaxListeners(0, this.stop, this.abort);
    let cancelGrace: () => void = () => undefined;
    const onUser = () => {
      this.#stop.abort(user.reason);
      cancelGrace = clock.after(graceMs, () => this.#abort.abort(user.reason));
    };
    const onLost = () => {
      this.#stop.abort(lost.reason);
      this.#abort.abort(lost.reason);
    };
    user.addEventListener("abort", onUser, { once: true });
    lost.addEventListener("abort", onLost, { once: true });
    this.#end = () => {
      cancelGrace();
      user.removeEventListener("abort", onUser);
      lost.removeEventListener("abort", onLost);
    };
    if (lost.aborted) onLost();
    else if (user.aborted) onUser();
  }

  /** A worker failed: the others come to their checkpoints. */
  stopAll(reason: Error): void {
    this.#stop.abort(reason);
  }

  /** Stops listening. */
  end(): void {
    this.#end();
  }
}
