/** What happened, as a hash: two runs of one seed have the same. */
export class Trace {
  #a = 0x811c9dc5;
  #b = 0x1b873593;
  #lines: string[] | undefined;

  /** @param keep also the lines themselves */
  constructor(keep: boolean) {
    this.#lines = keep ? [] : undefined;
  }

  add(line: string): void {
    this.#lines?.push(line);
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      this.#a = Math.imul(this.#a ^ code, 0x01000193);
      this.#b = Math.imul((this.#b << 5) ^ (this.#b >>> 27) ^ code, 0x85ebca6b);
    }
  }

  get hash(): string {
    return [this.#a, this.#b].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  get lines(): readonly string[] {
    return this.#lines ?? [];
  }
}
