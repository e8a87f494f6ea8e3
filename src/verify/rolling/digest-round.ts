import { ProgressMeter } from "../../pipeline/progress-meter.ts";
import { firstPass } from "../first-pass.ts";
import { secondPass, type Findings } from "../second-pass.ts";
import type { Sides } from "../sides.ts";
import type { VerificationInput } from "../verification-input.ts";
import { settledCounts, type Counts } from "./counts.ts";

export interface DigestRound {
  readonly begunAt: number;
  readonly resumed: boolean;
  readonly counts: Counts;
  readonly findings: Findings;
  /** Forgets what was kept for going on; once the round is written down. */
  readonly clear: () => Promise<void>;
}

/** Every suspect is settled, however many differ: a verdict that rests on a single reading would be a false alarm. */
const bounds = { rows: 100_000, passes: 20, settled: Infinity };

/**
 * A round where target keys do not stand in the order of source keys: both sides are read whole into leaf digests, what differs is listed
 * and settled, as a verification does it. Memory stays constant under any mapping. Its price: a row that is written between being read
 * here and there makes its leaf differ, so a round is read as fast as the throttle lets it and rests before the next one begins.
 */
export async function digestRound(input: VerificationInput, sides: Sides): Promise<DigestRound> {
  const { clock } = input.context;
  // Rounds never end; progress is what the ledger says.
  const meter = new ProgressMeter(input.job, clock, () => undefined);
  try {
    const workers = Math.max(2, input.limits.workers);
    const first = await firstPass(input, sides, workers, meter);
    const findings = await secondPass(input, sides, first, workers, meter, bounds).catch(async (error: unknown) => {
      await first.save();
      throw error;
    });
    const { source, target } = first;
    const read = {
      ranges: 1,
      sourceRows: source.tally.rowsRead,
      targetRows: target.tally.rowsRead,
      rowsCompared: Math.max(source.digest.rows, target.digest.rows),
    };
    return {
      begunAt: first.begun,
      resumed: first.resumed,
      counts: settledCounts(read, findings),
      findings,
      clear: async () => first.checkpoints?.clear(),
    };
  } finally {
    meter.stop();
  }
}
