import type { Settlement } from "../settle.ts";

/** What was compared and what came of it. JSON-clean. `suspected` = `settled` + `differing` + `unsettled` + `explained`. */
export interface Counts {
  /** Stretches of keys that were read on both sides, one behind the other. */
  readonly ranges: number;
  readonly sourceRows: number;
  readonly targetRows: number;
  /** Keys that stand on either side. */
  readonly rowsCompared: number;
  /** Rows that looked different when they were first read. */
  readonly suspected: number;
  /** Suspects that were alike once the target had caught up. */
  readonly settled: number;
  readonly differing: number;
  /** Suspects that changed in every round in which they were read again: nothing can be said of them. */
  readonly unsettled: number;
  /** Suspects whose changes are parked as rejects. */
  readonly explained: number;
}

export const noCounts: Counts = {
  ranges: 0,
  sourceRows: 0,
  targetRows: 0,
  rowsCompared: 0,
  suspected: 0,
  settled: 0,
  differing: 0,
  unsettled: 0,
  explained: 0,
};

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    ranges: a.ranges + b.ranges,
    sourceRows: a.sourceRows + b.sourceRows,
    targetRows: a.targetRows + b.targetRows,
    rowsCompared: a.rowsCompared + b.rowsCompared,
    suspected: a.suspected + b.suspected,
    settled: a.settled + b.settled,
    differing: a.differing + b.differing,
    unsettled: a.unsettled + b.unsettled,
    explained: a.explained + b.explained,
  };
}

export function settledCounts(
  read: Pick<Counts, "ranges" | "sourceRows" | "targetRows" | "rowsCompared">,
  { suspects, alike, explained, unsettled }: Settlement,
): Counts {
  const { ranges, sourceRows, targetRows, rowsCompared } = read;
  return {
    ranges,
    sourceRows,
    targetRows,
    rowsCompared,
    suspected: suspects,
    settled: alike,
    differing: suspects - alike - explained - unsettled,
    unsettled,
    explained,
  };
}
