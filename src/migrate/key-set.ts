/** A set of 64-bit hashes in two flat arrays: 8 bytes an entry at a load of at most one half. */
export class KeySet {
  #high: Uint32Array;
  #low: Uint32Array;
  #mask: number;
  #size = 0;
  #hasZero = false;

  /** @param expected entries; more are taken, at the price of growing */
  constructor(expected: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, expected * 2)));
    this.#high = new Uint32Array(slots);
    this.#low = new Uint32Array(slots);
    this.#mask = slots - 1;
  }

  get size(): number {
    return this.#size + (this.#hasZero ? 1 : 0);
  }

  has(high: number, low: number): boolean {
    if (high === 0 && low === 0) return this.#hasZero;
    const slot = this.#find(high, low);
    return this.#high[slot] !== 0 || this.#low[slot] !== 0;
  }

  add(high: number, low: number): void {
    if (high === 0 && low === 0) {
      this.#hasZero = true;
      return;
    }
    const slot = this.#find(high, low);
    if (this.#high[slot] !== 0 || this.#low[slot] !== 0) return;
    this.#high[slot] = high;
    this.#low[slot] = low;
    if (++this.#size * 2 > this.#mask) this.#grow();
  }

  /** The slot of an entry, or the free one where it belongs. Zero marks a free slot. */
  #find(high: number, low: number): number {
    let slot = low & this.#mask;
    while ((this.#high[slot] !== 0 || this.#low[slot] !== 0) && (this.#high[slot] !== high >>> 0 || this.#low[slot] !== low >>> 0))
      slot = (slot + 1) & this.#mask;
    return slot;
  }

  #grow(): void {
    const [highs, lows] = [this.#high, this.#low];
    this.#high = new Uint32Array(highs.length * 2);
    this.#low = new Uint32Array(highs.length * 2);
    this.#mask = this.#high.length - 1;
    for (let i = 0; i < highs.length; i++) {
      const [high, low] = [highs[i]!, lows[i]!];
      if (high === 0 && low === 0) continue;
      const slot = this.#find(high, low);
      this.#high[slot] = high;
      this.#low[slot] = low;
    }
  }
}
