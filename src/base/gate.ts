/** A share of a gate, given back by `release` (once; further calls do nothing). */
export interface Hold {
  /** Changes what is held to what it turned out to be; more may be let in or, above the limit, less until it is released. */
  resize(weight: number): void;
  /** More is held than the limit, and not by this hold alone: who can give way should. */
  readonly crowded: boolean;
  release(): void;
}

interface Waiting {
  readonly weight: () => number;
  readonly enter: () => void;
}

/**
 * Lets in at most `limit` of something at once, whether pieces of weight 1 or bytes; first come, first served. A piece heavier than the
 * limit is let in alone, so that nothing waits for ever.
 */
export class Gate {
  readonly #limit: number;
  readonly #queue: Waiting[] = [];
  #held = 0;
  #most = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What is held now. */
  get held(): number {
    return this.#held;
  }

  /** The most that was ever held. */
  get most(): number {
    return this.#most;
  }

  /**
   * Waits for its turn; rejects with the signal's reason.
   * @param wanted the weight, or what tells it when its turn comes
   */
  acquire(wanted: number | (() => number), signal?: AbortSignal): Promise<Hold> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const weight = typeof wanted === "number" ? () => wanted : wanted;
    if (this.#queue.length === 0 && this.#fits(weight())) return Promise.resolve(this.#enter(weight()));
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        weight,
        enter: () => {
          signal?.removeEventListener("abort", leave);
          resolve(this.#enter(weight()));
        },
      };
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(signal?.reason);
        this.#admit();
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#queue.push(waiting);
    });
  }

  #fits(weight: number): boolean {
    return this.#held === 0 || this.#held + weight <= this.#limit;
  }

  #enter(weight: number): Hold {
    let mine = weight;
    let released = false;
    this.#add(weight);
    const crowded = () => this.#held > this.#limit && this.#held > mine;
    return {
      get crowded() {
        return crowded();
      },
      resize: (next) => {
        if (released) return;
        this.#add(next - mine);
        mine = next;
        this.#admit();
      },
      release: () => {
        if (released) return;
        released = true;
        this.#add(-mine);
        this.#admit();
      },
    };
  }

  #add(weight: number): void {
    this.#held += weight;
    this.#most = Math.max(this.#most, this.#held);
  }

  #admit(): void {
    while (this.#queue.length > 0 && this.#fits(this.#queue[0]!.weight())) this.#queue.shift()!.enter();
  }
}
