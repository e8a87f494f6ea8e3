import type { Difference, VerificationResult } from "../job/result.ts";
import { ProgressMeter } from "../pipeline/progress-meter.ts";
import { certify, type Consistency } from "./certify.ts";
import { firstPass, stopped, type FirstPass } from "./first-pass.ts";
import { secondPass, type Findings, type SecondPassBounds } from "./second-pass.ts";
import type { SideTally } from "./side-digest.ts";
import { checkSidesRemain, describeSides, type Sides } from "./sides.ts";
import type { VerificationInput } from "./verification-input.ts";

/** A reader holds a page of 4 MiB and the one it reads ahead. */
const BYTES_A_WORKER = 8 * 1024 * 1024;

/**
 * Compares two sides, row by row, through a mapping (engine rule R7): both are read once into digests; where these differ, only the
 * leaves that do are read again; every suspect row is read again on both sides until it stands still or the rounds are used up. Memory
 * does not grow with the sides. The result, whatever it is, is certified if the job says so; acting on a mismatch is the caller's.
 *
 * Stopped or killed, the same call goes on where its last checkpoint was (`input.state`).
 * @param bounds of the second pass; only tests have a reason to give them
 * @throws TF_SOURCE_MISSING, TF_TARGET_MISSING, TF_SPEC_INVALID (a part that cannot be compared), TF_INCARNATION (a side was made
 * anew meanwhile), TF_SIGNING_KEY, TF_IO (certificate), TF_STOPPED, and whatever a side throws
 */
export async function runVerification(input: VerificationInput, bounds?: SecondPassBounds): Promise<VerificationResult> {
  const { clock, onProgress } = input.context;
  const meter = new ProgressMeter(input.job, clock, onProgress);
  try {
    return await verify(input, meter, bounds);
  } finally {
    meter.stop();
  }
}

async function verify(input: VerificationInput, meter: ProgressMeter, bounds: SecondPassBounds | undefined): Promise<VerificationResult> {
  const workers = Math.max(2, Math.min(input.limits.workers, Math.floor(input.limits.inFlightBytes / BYTES_A_WORKER)));
  const sides = await describeSides(input);
  const first = await firstPass(input, sides, workers, meter);
  const findings = await secondPass(input, sides, first, workers, meter, bounds).catch(async (error: unknown) => {
    const kept = await first.save();
    throw stopped(error, input, `both sides were read${kept ? " and need not be read again" : ""}, differences were being settled`);
  });
  await checkSidesRemain(input, sides);
  const consistency = consistencyOf(input, findings);
  const result = resultOf(input, sides, first, findings, consistency, meter.seconds);
  meter.enter("certificate");
  const certificate = await certify(input, sides, first, result, consistency);
  await first.checkpoints?.clear();
  return certificate === undefined ? result : { ...result, certificate };
}

/** What was said of the sides, as far as nothing contradicted it. */
function consistencyOf({ quiescent, stream, context }: VerificationInput, { moved, alike }: Findings): Consistency {
  const rested = moved + alike === 0;
  if (quiescent && rested) return "quiescent";
  if (quiescent) context.note("the sides were said to rest, but rows changed while they were compared; the result says so");
  return stream === undefined ? "fuzzy" : "live";
}

function resultOf(
  input: VerificationInput,
  sides: Sides,
  first: FirstPass,
  findings: Findings,
  consistency: Consistency,
  seconds: number,
): VerificationResult {
  const { source, target } = first;
  const { unreadable, count } = unreadableRows(target.tally);
  const differences = [...findings.differences, ...unreadable].slice(0, input.verify.list);
  const differenceCount = findings.differenceCount + count;
  const { kind, text } = sides.coverage;
  if (findings.leavesLeft > 0)
    input.context.note(
      `so much differs that it was not counted to the end: at least ${differenceCount} rows; ${findings.leavesLeft} of 65,536 leaves were not looked into`,
    );
  if (findings.counted > 0)
    input.context.note(`of the differing rows, ${findings.counted} were counted as they were first read, without being read again`);
  return {
    job: input.job,
    equal: differenceCount === findings.unsettled && findings.unsettled <= input.verify.unsettledAllowed && findings.leavesLeft === 0,
    coverage: { kind, text },
    sourceRows: source.digest.rows,
    targetRows: target.digest.rows,
    rejectedRows: source.tally.refused + findings.rejected,
    filteredRows: source.tally.filtered,
    sourceDigest: source.digest.root(),
    targetDigest: target.digest.root(),
    differences,
    differenceCount,
    unsettled: findings.unsettled,
    live: consistency !== "quiescent",
    seconds,
  };
}

/** Rows of the target that cannot be read are rows that the source does not have. */
function unreadableRows({ refused, refusedPlaces }: SideTally): { readonly unreadable: Difference[]; readonly count: number } {
  const unreadable = refusedPlaces.map(({ place, text }) => ({
    kind: "extra" as const,
    key: place,
    columns: [{ name: "(row)", source: null, target: null, why: `cannot be read: ${text}` }],
  }));
  return { unreadable, count: refused };
}
