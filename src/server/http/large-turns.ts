/** Reading such a body, checking and judging its rows takes a tenth of a millisecond and more. */
export const LARGE_BODY_BYTES = 32 * 1024;

/**
 * One large request a turn of the event loop. Those that come together would else be answered one behind the other before the loop looks for anything else, and meanwhile flushes
 * that are over wait for the next to be begun.
 */
export class LargeTurns {
  readonly #waiting: (() => void)[] = [];

  /** Settles when it is the turn of who asked. */
  take(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) setImmediate(this.#next);
    });
  }

  readonly #next = (): void => {
    this.#waiting.shift()!();
    if (this.#waiting.length > 0) setImmediate(this.#next);
  };
}
