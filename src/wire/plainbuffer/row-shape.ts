import { crc8View } from "./crc8.ts";
import type { RowWalker } from "./walk.ts";

/** Bytes of names that are remembered: 1,024 columns of 16 bytes. Of our own; names are not judged yet when they come here. */
const NAMES_BYTES_MAX = 16 * 1024;
/** As many fields as no row has. */
const NOTHING = -1;

/** Of all walkers, so that a number says the same whichever of them gives it. */
let shapes = 0;

/**
 * Knows the rows of one walker by their names. Rows that follow each other mostly have the same columns in the same order, and what follows from
 * names alone, that they are valid or how they are sorted, need be found out but once.
 */
export class RowShapes {
  /** Checksum of each name of the row that was asked for last. */
  crcs = new Uint8Array(32);
  readonly #names = new Uint8Array(NAMES_BYTES_MAX);
  /** Where each name ends in there. */
  #ends = new Int32Array(32);
  #count = NOTHING;
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

  #remember({ bytes, view, count, keyCount, nameAt, nameEnd }: RowWalker): void {
    if (count > this.#ends.length) {
      this.#ends = new Int32Array(count * 2);
      this.crcs = new Uint8Array(count * 2);
    }
    const names = this.#names;
    const ends = this.#ends;
    const crcs = this.crcs;
    let to = 0;
    let kept = true;
    for (let field = 0; field < count; field++) {
      const end = nameEnd[field]!;
      let at = nameAt[field]!;
      crcs[field] = crc8View(0, view, at, end);
      if (to + end - at > NAMES_BYTES_MAX) {
        kept = false;
        at = end;
      }
      while (at < end) names[to++] = bytes[at++]!;
      ends[field] = to;
    }
    this.#count = kept ? count : NOTHING;
    this.#keyCount = keyCount;
    this.#shape = ++shapes;
  }
}
