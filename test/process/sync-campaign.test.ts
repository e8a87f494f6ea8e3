import { expect, test } from "vitest";
import { runSyncCampaign } from "./support/sync-campaign.ts";

/** R2, R8, R11; the long form is `npm run sync-kills`. */
test("workers killed, or stopped through a take-over and continued, leave both sides equal", async () => {
  const outcomes = await runSyncCampaign({ rounds: 4, seed: 3 });
  expect(outcomes.map(({ what, differing }) => [what, differing])).toEqual(outcomes.map(({ what }) => [what, 0]));
  expect(new Set(outcomes.map(({ what }) => what)).size).toBe(2);
  expect(outcomes.at(-1)!.writes).toBeGreaterThan(1000);
}, 240_000);
