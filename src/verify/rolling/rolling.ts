import { hasCode } from "../../base/error.ts";
import { identityOf, stopped } from "../first-pass.ts";
import { checkSidesRemain, describeSides, type Sides } from "../sides.ts";
import type { VerificationInput } from "../verification-input.ts";
import { digestRound } from "./digest-round.ts";
import { keepsKeyOrder } from "./key-order.ts";
import { RollingLedger, type RoundRecord } from "./ledger.ts";
import { dayOf, newRound, orderedRound } from "./ordered-round.ts";
import type { RoundReport } from "./report.ts";
import { asVerification, digestPlace, type RollingInput } from "./rolling-input.ts";
import { stretchBounds, type StretchBounds } from "./stretch.ts";

/**
 * One round over both sides of a running sync: every row is compared once, and what looks different is read again until it is surely a
 * difference, or surely none (engine rule R7). The caller calls again for the next round, which waits until it is due. Stopped or killed,
 * the same call goes on with the round.
 * @param bounds of a stretch; only tests have a reason to give them
 * @throws TF_STOPPED when the signal aborts, TF_FENCED when another verifier took over, TF_INCARNATION, TF_SOURCE_MISSING,
 * TF_TARGET_MISSING, TF_SPEC_INVALID (a part that cannot be compared), and whatever a side or the sync throws
 */
export async function runRolling(input: RollingInput, bounds: StretchBounds = stretchBounds): Promise<RoundReport> {
  const given = asVerification(input, digestPlace(input));
  try {
    const sides = await describeSides(given);
    const ledger = await RollingLedger.take(input.state, input.job, input.token, identityOf(given, sides));
    const ordered = sides.coverage.mode === "scan" && keepsKeyOrder(input.mapping, sides.source.key) && looksUp(input);
    if (ledger.record.round === undefined) await waitForTurn(input, ledger);
    return await (ordered ? inOrder(input, given, sides, ledger, bounds) : byDigests(input, given, sides, ledger));
  } catch (error) {
    throw hasCode(error, "TF_STOPPED") ? error : stopped(error, input, "its round is gone on with where it was last written down");
  }
}

function looksUp({ source, target }: RollingInput): boolean {
  return source.lookUp !== undefined && target.lookUp !== undefined;
}

/** A round begins `everySeconds` after the last one began, or at once when that is over. A clock that was set back does not stop it. */
async function waitForTurn({ everySeconds, context }: RollingInput, { record }: RollingLedger): Promise<void> {
  if (everySeconds === undefined || record.last === undefined) return;
  const every = everySeconds * 1000;
  const wait = Math.min(every, record.last.begunAt + every - context.clock.now());
  if (wait > 0) await context.clock.sleep(wait, context.signal);
}

async function inOrder(
  input: RollingInput,
  given: VerificationInput,
  sides: Sides,
  ledger: RollingLedger,
  bounds: StretchBounds,
): Promise<RoundReport> {
  const { last } = ledger.record;
  const begun = await begin(input, given, sides, ledger);
  const expectedRows = last?.rowsCompared ?? sides.source.estimatedRows ?? sides.target.estimatedRows;
  const pace = { expectedRows, everySeconds: input.everySeconds };
  const { counts, differences, begunAt, parts, number, resumed } = await orderedRound(
    { input: given, sides, ledger, pace, bounds, onDifferences: input.onDifferences },
    begun,
  );
  await checkSidesRemain(given, sides);
  const endedAt = input.context.clock.now();
  const round = { ...counts, job: input.job, round: number, way: "ordered" as const, begunAt, endedAt, resumed };
  const report: RoundReport = { ...round, coverage: coverageOf(sides), leavesLeft: 0, differences };
  await ledger.end(report, parts, dayOf(endedAt));
  return report;
}

async function begin({ notBefore = 0 }: RollingInput, given: VerificationInput, sides: Sides, ledger: RollingLedger): Promise<RoundRecord> {
  const { round, last } = ledger.record;
  const begun =
    round === undefined || round.begunAt < notBefore
      ? await newRound({ input: given, sides }, (last?.round ?? 0) + 1)
      : { ...round, resumed: true };
  await ledger.begin(begun);
  return begun;
}

async function byDigests(input: RollingInput, given: VerificationInput, sides: Sides, ledger: RollingLedger): Promise<RoundReport> {
  const { begunAt, resumed, counts, findings, clear } = await digestRound(given, sides);
  await checkSidesRemain(given, sides);
  const endedAt = input.context.clock.now();
  const number = (ledger.record.last?.round ?? 0) + 1;
  const { leavesLeft, differences } = findings;
  await input.onDifferences?.(differences);
  const round = { ...counts, job: input.job, round: number, way: "digests" as const, begunAt, endedAt, resumed };
  const report: RoundReport = { ...round, coverage: coverageOf(sides), leavesLeft, differences };
  await ledger.end(report, leavesLeft > 0 ? [] : [{ to: null, at: begunAt }], dayOf(endedAt), counts);
  await clear();
  return report;
}

function coverageOf({ coverage: { kind, text } }: Sides): RoundReport["coverage"] {
  return { kind, text };
}
