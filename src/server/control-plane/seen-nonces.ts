/** Beyond what clients of one server ask in half an hour; then calls are throttled. */
const NONCES_MAX = 20_000;

/**
 * Nonces of authentic calls, so that none is taken twice while its date is good: the signature does not cover the body, so whoever saw a call could ask for
 * something else with it. Forgotten when the server stops.
 */
export class SeenNonces {
  /** When the call that carried it is too old, in milliseconds since 1970. */
  readonly #until = new Map<string, number>();

  /** @returns false for one that was seen, undefined where there is no room to remember it */
  take(nonce: string, now: number, until: number): boolean | undefined {
    if (this.#until.has(nonce)) return false;
    if (this.#until.size >= NONCES_MAX) {
      for (const [old, end] of this.#until) if (end < now) this.#until.delete(old);
      if (this.#until.size >= NONCES_MAX) return undefined;
    }
    this.#until.set(nonce, until);
    return true;
  }
}
