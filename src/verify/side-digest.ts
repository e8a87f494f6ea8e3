import type { Batch, Canonicalizer, Source, ScanScope } from "../connector/connector.ts";
import type { CompiledMapping } from "../job/mapping.ts";
import { Digest } from "./digest.ts";
import type { SidePass, SplitProgress } from "./read-splits.ts";

/** A row that its own side could not make out, or that the mapping refused. */
export interface RefusedPlace {
  readonly place: string;
  readonly text: string;
}

/** What is counted of a side besides its digest. JSON-clean. */
export interface SideTally {
  rowsRead: number;
  bytesRead: number;
  /** Rows that no target row can follow from: unreadable, or refused by the mapping. */
  refused: number;
  /** Rows that the mapping left out. */
  filtered: number;
  /** The first refused ones. */
  readonly refusedPlaces: RefusedPlace[];
}

const PLACES_KEPT = 100;

/** One side while it is being read: what is folded so far, and how far. */
export interface SideDigest {
  readonly digest: Digest;
  readonly tally: SideTally;
  readonly splits: readonly SplitProgress[];
}

export function emptySide(splits: readonly SplitProgress[]): SideDigest {
  return { digest: new Digest(), tally: { rowsRead: 0, bytesRead: 0, refused: 0, filtered: 0, refusedPlaces: [] }, splits };
}

/** The first pass over a side: every row into its digest. */
export function digestPass(side: Source, scope: ScanScope, mapping: CompiledMapping | undefined, state: SideDigest): SidePass {
  const { digest, tally } = state;
  let kept = 0;
  let previous = -1;
  // One function for all batches: a closure a batch would be made anew, and this is the hottest loop of a verification.
  const visit = (bytes: Uint8Array, start: number, keyEnd: number, end: number, index: number) => {
    digest.add(bytes, start, keyEnd, end);
    if (index !== previous) {
      previous = index;
      kept++;
    }
  };
  const fold = (batch: Batch, canonicalizer: Canonicalizer) => {
    kept = 0;
    previous = -1;
    const refused = canonicalizer.each(batch, visit);
    countBatch(tally, batch, kept, refused);
  };
  return { side, scope, mapping, splits: state.splits, fold };
}

export function countBatch(tally: SideTally, batch: Batch, kept: number, refused: ReturnType<Canonicalizer["each"]>): void {
  tally.rowsRead += batch.rows;
  tally.bytesRead += batch.bytes;
  tally.filtered += batch.rows - kept - refused.length;
  tally.refused += refused.length + batch.refused.length;
  for (const { index, refusal } of refused) note(tally, () => batch.place(index), refusal.text);
  for (const { place, text } of batch.refused) note(tally, () => place, text);
}

function note(tally: SideTally, place: () => string, text: string): void {
  if (tally.refusedPlaces.length < PLACES_KEPT) tally.refusedPlaces.push({ place: place(), text });
}
