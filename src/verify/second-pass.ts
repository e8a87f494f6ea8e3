import type { Batch } from "../connector/connector.ts";
import { rowTest } from "../connector/row-scope.ts";
import type { FlowRow } from "../job/mapping.ts";
import type { ProgressMeter } from "../pipeline/progress-meter.ts";
import type { FirstPass } from "./first-pass.ts";
import { RowHasher } from "./flow-batch.ts";
import { ScanReader, SourceLookUpReader, TargetLookUpReader, type RowForm } from "./read-again.ts";
import { freshSplits, readSplits, type ReadOptions } from "./read-splits.ts";
import { withoutExpiring } from "./row-difference.ts";
import { emptySettlement, settle, type BothSides, type Settlement, type SettleRules } from "./settle.ts";
import { withoutExpiringCells, type Sides } from "./sides.ts";
import { keyInverse } from "./source-key.ts";
import { leafGroups, LeafListing } from "./suspects.ts";
import { maskedText, plainText } from "./value-text.ts";
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
  const rules = settleRules(input, sides, workers);
  const readers = readersOf(input, sides, first, options);
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

function settleRules(input: VerificationInput, sides: Sides, workers: number): SettleRules {
  const { verify, context, stream } = input;
  return {
    versions: input.scope.versions,
    show: verify.maskValues ? maskedText(context.chance.bytes(16)) : plainText,
    keyless: sides.key.length === 0,
    clock: context.clock,
    signal: context.signal,
    rounds: verify.rounds,
    roundSeconds: verify.roundSeconds,
    awaitApplied: stream === undefined ? undefined : (signal) => stream.awaitApplied(signal),
    decisive: input.quiescent || stream !== undefined,
    bytes: input.limits.inFlightBytes,
    workers,
  };
}

function readersOf(input: VerificationInput, sides: Sides, first: FirstPass, options: Omit<ReadOptions, "signal">): BothSides {
  const { source, target, mapping, rejects } = input;
  const { coverage } = sides;
  const { versions } = input.scope;
  const form = formOf(input, sides);
  const inPart = coverage.outsideIsAbsent ? rowTest(coverage.sourceScope, sides.source.key, sides.source.title) : undefined;
  const inverse = keyInverse(mapping, sides.source.key);
  const keyless = sides.key.length === 0;
  return {
    source: [
      new SourceLookUpReader({ side: source, mapping, inverse, versions, inPart, form }),
      new ScanReader({ side: source, scope: first.sourceScope, mapping, splits: first.source.splits, form, keyless, rejects, options }),
    ],
    target: [
      new TargetLookUpReader(target, versions, form),
      new ScanReader({
        side: target,
        scope: first.targetScope,
        mapping: undefined,
        splits: first.target.splits,
        form,
        keyless,
        rejects: undefined,
        options,
      }),
    ],
  };
}

/** Rows read again, as they are compared: without cells that are about to expire. */
function formOf(input: VerificationInput, sides: Sides): RowForm {
  const scope = withoutExpiringCells(input.scope, sides, input.context.clock.now());
  const hasher = new RowHasher({ versions: scope.versions });
  return (row: FlowRow) => {
    const kept = withoutExpiring(row, scope.oldest);
    return { row: kept, hash: hasher.hash(kept) };
  };
}
