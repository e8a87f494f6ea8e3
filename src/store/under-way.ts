/** What was begun and has not settled yet, for who must wait for all of it. */
export class UnderWay {
  readonly #promises = new Set<Promise<void>>();

  /** Hands the promise back; whoever takes it has its outcome. */
  add(promise: Promise<void>): Promise<void> {
    this.#promises.add(promise);
    const over = () => void this.#promises.delete(promise);
    promise.then(over, over);
    return promise;
  }

  /** Settles, and never rejects, when all that was added so far has settled. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#promises);
  }
}
