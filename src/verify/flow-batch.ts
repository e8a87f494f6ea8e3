import type { Batch, ScanScope } from "../connector/connector.ts";
import { DecodedCanonicalizer } from "../connector/decoded-canonicalizer.ts";
import type { FlowRow } from "../job/mapping.ts";
import { rowHash } from "./digest.ts";

/** Rows that were not scanned (looked up, mapped) as a batch, so that they get their canonical form from the same code. */
export function flowBatch(rows: readonly FlowRow[]): Batch {
  return {
    rows: rows.length,
    bytes: 0,
    split: "looked-up",
    from: undefined,
    position: "",
    decoded: () => rows,
    place: (index) => `row ${index}`,
    refused: [],
  };
}

/** Hashes single rows that are in the target's form. */
export class RowHasher {
  readonly #canonicalizer: DecodedCanonicalizer;

  constructor(scope: Pick<ScanScope, "versions" | "oldest">) {
    this.#canonicalizer = new DecodedCanonicalizer(undefined, scope);
  }

  /** Calls `visit` with each row's canonical bytes; they are valid during the call. */
  each(rows: readonly FlowRow[], visit: (bytes: Uint8Array, start: number, keyEnd: number, end: number, index: number) => void): void {
    this.#canonicalizer.each(flowBatch(rows), visit);
  }

  /** SHA-256 of the row's canonical bytes. */
  hash(row: FlowRow): string {
    let hash = "";
    this.each([row], (bytes, start, _keyEnd, end) => {
      hash = rowHash(bytes, start, end);
    });
    return hash;
  }
}
