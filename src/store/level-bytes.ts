/** Reads LevelDB's numbers and blocks in their order; at the end of the bytes everything is empty. */
export class LevelBytes {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  get ended(): boolean {
    return this.#at >= this.#end;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; this.#at < this.#end; scale *= 0x80) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value;
  }

  /** Bytes with their length in front. */
  block(): Buffer {
    return this.take(this.varint());
  }

  take(length: number): Buffer {
    const start = this.#at;
    this.#at = Math.min(this.#end, start + length);
    return this.#bytes.subarray(start, this.#at);
  }
}
