import type { Batch } from "../connector/connector.ts";
import type { ProgressMeter } from "../pipeline/progress-meter.ts";
import type { FirstPass } from "./first-pass.ts";
import { freshSplits, readSplits, type ReadOptions } from "./read-splits.ts";
import { emptySettlement, settle, type Settlement } from "./settle.ts";
import type { Sides } from "./sides.ts";
import { keyInverse } from "./source-key.ts";
import { suspectReaders } from "./suspect-readers.ts";
import { leafGroups, LeafListing } from "./suspects.ts";
import type { VerificationInput } from "./verification-input.ts";

/** What the second pass found. */
export interface Findings extends Settlement {
  /** Leaves that differ and were not looked into: `differenceCount` is then a lower bound. */
  readonly leavesLeft: number;
  /** Of the differing rows, those that were counted as they were listed, without being read again. */
  readonly counted: number;
}

export interface SecondPassBounds {
  /** Rows of both sides listed at once; some 300 bytes each. */
  readonly rows: number;
  /** Times that both sides are read again at most. */
  readonly passes: number;
  /** Differences after which the verdict is beyond doubt: further suspects are counted, not read again. */
  readonly settled: number;
}

/** 100,000 rows are some 30 MB; 20 passes then look into every row of two sides of a million rows that have nothing in common. */
const defaultBounds: SecondPassBounds = { rows: 100_000, passes: 20, settled: 10_000 };
/** Suspects settled together. */
const SLICE = 5000;

/**
 * Reads the differing leaves once more, a bounded group of them at a time, lists what is not the same in them, and settles it.
 * Almost always that is one pass: two sides that hardly differ differ in few leaves.
 */
export async function secondPass(
  input: VerificationInput,
  sides: Sides,
  first: FirstPass,
  workers: number,
  meter: ProgressMeter,
  bounds: SecondPassBounds = defaultBounds,
): Promise<Findings> {
  const into = emptySettlement();
  const leaves = first.source.digest.differing(first.target.digest);
  if (leaves.length === 0) return { ...into, leavesLeft: 0, counted: 0 };
  const options = readOptions(input, meter, workers);
  const { readers, rules } = suspectReaders(input, sides, first, { ...options, workers });
  const scanned = sides.coverage.mode === "scan";
  const settledMost = Math.max(bounds.settled, input.verify.list);
  let counted = 0;
  const groups = leafGroups(leaves, first.source.digest, first.target.digest, bounds.rows);
  for (const group of groups.slice(0, bounds.passes)) {
    meter.enter("verify");
    const listing = await list(group, { input, sides, first, options });
    meter.enter("settle");
    let found = false;
    for (const suspects of listing.suspects(SLICE)) {
      found = true;
      // By looking up, every row of a differing leaf is a suspect, so none may be counted unread.
      if (scanned && into.differenceCount >= settledMost) {
        const unexplained = suspects.filter(({ rejected }) => rejected === 0).length;
        into.rejected += suspects.reduce((sum, { rejected }) => sum + rejected, 0);
        into.differenceCount += unexplained;
        counted += unexplained;
      } else {
        await settle(suspects, readers, rules, input.verify.list, into);
      }
    }
    // The leaf differed and now nothing in it does.
    if (!found) into.moved++;
  }
  if (!scanned) into.alike = 0;
  return { ...into, leavesLeft: groups.slice(bounds.passes).reduce((left, group) => left + group.length, 0), counted };
}

interface ListingJob {
  readonly input: VerificationInput;
  readonly sides: Sides;
  readonly first: FirstPass;
  readonly options: Omit<ReadOptions, "signal">;
}

async function list(leaves: readonly number[], { input, sides, first, options }: ListingJob): Promise<LeafListing> {
  const { source, target, mapping, rejects, context } = input;
  const sourceKeys = source.lookUp !== undefined && keyInverse(mapping, sides.source.key) === undefined;
  const listing = new LeafListing(leaves, { keyless: sides.key.length === 0, rejects, sourceKeys });
  const passes = [listing.sourcePass(source, first.sourceScope, mapping, freshSplits(first.source.splits))];
  if (sides.coverage.mode === "scan") passes.push(listing.targetPass(target, first.targetScope, freshSplits(first.target.splits)));
  await readSplits(passes, { ...options, signal: context.signal });
  return listing;
}

function readOptions({ throttle }: VerificationInput, meter: ProgressMeter, workers: number): Omit<ReadOptions, "signal"> {
  const onBatch = (batch: Batch) => {
    meter.counters.rowsRead += batch.rows;
    meter.counters.bytesRead += batch.bytes;
  };
  // What the second reading will come to is not known beforehand.
  meter.estimatedRows = undefined;
  return { workers, throttle, onBatch };
}
