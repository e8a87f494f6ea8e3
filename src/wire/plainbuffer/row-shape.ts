import type { RowWalker } from "./walk.ts";

/** Of all walkers, so that a number says the same whichever of them gives it. */
let shapes = 0;

/**
 * Knows the rows of one walker by their names. Rows that follow each other mostly have the same columns in the same order, and what follows from
 * names alone, that they are valid or how they are sorted, need be found out but once.
 */
export class RowShapes {
  #names = new Uint8Array(256);
  /** Where each name ends in there. */
  #ends = new Int32Array(32);
  #count = 0;
  #keyCount = 0;
  #shape = 0;

  /** Above 0. Rows with the same number have the same names in the same order, and as many of them in their keys; the converse need not hold. */
  of(row: RowWalker): number {
    if (row.count !== this.#count || row.keyCount !== this.#keyCount || !this.#sameNames(row)) this.#remember(row);
    return this.#shape;
  }

  #sameNames({ bytes, count, nameAt, nameEnd }: RowWalker): boolean {
    const names = this.#names;
    const ends = this.#ends;
    let from = 0;
    for (let field = 0; field < count; field++) {
      const to = ends[field]!;
      let at = nameAt[field]!;
      if (nameEnd[field]! - at !== to - from) return false;
      while (from < to) if (bytes[at++] !== names[from++]) return false;
    }
    return true;
  }

  #remember({ bytes, count, keyCount, nameAt, nameEnd }: RowWalker): void {
    let length = 0;
    for (let field = 0; field < count; field++) length += nameEnd[field]! - nameAt[field]!;
    if (length > this.#names.length) this.#names = new Uint8Array(length * 2);
    if (count > this.#ends.length) this.#ends = new Int32Array(count * 2);
    let to = 0;
    for (let field = 0; field < count; field++) {
      for (let at = nameAt[field]!; at < nameEnd[field]!; at++) this.#names[to++] = bytes[at]!;
      this.#ends[field] = to;
    }
    this.#count = count;
    this.#keyCount = keyCount;
    this.#shape = ++shapes;
  }
}
