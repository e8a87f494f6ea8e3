/** Counts the requests that are being answered. */
export class UnderWay {
  #count = 0;
  #idle: () => void = () => undefined;

  begin(): void {
    this.#count++;
  }

  end(): void {
    if (--this.#count === 0) this.#idle();
  }

  /** Settles when none is; asked once, when no more come. */
  none(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => (this.#idle = resolve));
  }
}
