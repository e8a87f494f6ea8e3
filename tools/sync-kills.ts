/**
 * `npm run sync-kills [-- rounds=50 seed=1]`: two workers of a sync under load, of which one at a time is killed with SIGKILL, or stopped with SIGSTOP through a take-over
 * and continued; after each time both sides must be equal, row by row: nothing skipped, nothing old written over new.
 */
import { runSyncCampaign } from "../test/process/support/sync-campaign.ts";
import { numberOption } from "./options.ts";

const rounds = numberOption("rounds", 50);
const outcomes = await runSyncCampaign({
  rounds,
  seed: numberOption("seed", 1),
  onRound: (round, { what, writes, differing }) =>
    console.log(`round ${round} of ${rounds}: ${what}, ${writes} writes so far, ${differing} rows differ`),
});
const equal = outcomes.filter(({ differing }) => differing === 0).length;
console.log(`${equal} of ${rounds} rounds equal after catching up, ${outcomes.at(-1)?.writes ?? 0} writes`);
process.exitCode = equal === rounds ? 0 : 1;
