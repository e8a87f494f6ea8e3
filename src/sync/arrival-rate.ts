/** How many changes a lag (ms) stands for, where so many arrive a second. */
export function unreadOf(lagMs: number, arriving: number): number {
  return Math.round((lagMs / 1000) * arriving);
}

/** Milliseconds after which what was read counts for little more than a third. */
const memoryMs = 60_000;
/** Over less time a rate says nothing. */
const leastMs = 1000;

/**
 * How many changes the source commits a second, told by the changes themselves: over about the last minute that was read, by the source's clock, so that a channel
 * that catches up shows what is written and not what it applies.
 */
export class ArrivalRate {
  #changes = 0;
  #ms = 0;
  #upTo: number | undefined;

  /** @param upTo wall clock, milliseconds: everything committed before was read, `changes` of it since the last call */
  passed(upTo: number, changes: number): void {
    const before = this.#upTo;
    this.#upTo = Math.max(before ?? upTo, upTo);
    // For how long the first ones were written nobody knows.
    if (before === undefined) return;
    const ms = this.#upTo - before;
    const kept = Math.exp(-ms / memoryMs);
    this.#changes = this.#changes * kept + changes;
    this.#ms = this.#ms * kept + ms;
  }

  /** Null: too little was read. */
  get perSecond(): number | null {
    return this.#ms < leastMs ? null : (this.#changes * 1000) / this.#ms;
  }
}
