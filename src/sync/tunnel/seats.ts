/**
 * Bounds how many reads of drained channels wait at the server at once, since each occupies a connection for most of a second; heartbeats and
 * writes need theirs. Whoever finds no seat reads with pauses instead. Sessions over one client share one of these.
 */
export class Seats {
  #free: number;

  constructor(most: number) {
    this.#free = most;
  }

  take(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  giveBack(): void {
    this.#free++;
  }
}
