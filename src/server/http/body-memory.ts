/** The memory that the bodies of all connections share. */
export class BodyMemory {
  /** Bytes. */
  readonly most: number;
  #held = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** False where there is no room for so many bytes more: nothing is taken then. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.most) return false;
    this.#held += bytes;
    return true;
  }

  /** Takes them whether or not there is room: they are there already. */
  add(bytes: number): void {
    this.#held += bytes;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}
