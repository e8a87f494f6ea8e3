import { describe, expect, test } from "vitest";
import { plantedBugs, quicklyCaught } from "./planted-bugs.ts";
import { replayCommand, runCampaign } from "./campaign.ts";

/**
 * Workers of a sync against the server in process, everything by virtual time (`npm run simulation` runs more seeds, and every planted bug). Processes of their own
 * run the engine as it is loaded outside of tests; a bug is planted in one of them alone.
 */
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 500);
const FROM = Number(process.env.SIMULATION_SEED ?? 1);
const processes = 2;

test(`${SEEDS} seeds from ${FROM} on: nothing is lost, overwritten or passed over, and the target ends as the source is`, async () => {
  const { seeds, failures, coverage } = await runCampaign({ from: FROM, seeds: SEEDS, processes });
  const told = failures.map(
    ({ seed, title, invariant, text }) => `${invariant}: ${text}\n  seed ${seed} (${title})\n  ${replayCommand(seed)}`,
  );
  expect(told).toEqual([]);
  expect(seeds).toBe(SEEDS);
  if (SEEDS >= 500) expect(coverage.below(20)).toEqual([]);
}, 600_000);

test("a seed replays exactly, whatever ran before it", async () => {
  const run = (from: number, seeds: number) => runCampaign({ from, seeds, processes: 1 });
  const [together, alone] = await Promise.all([run(1, 8), run(8, 1)]);
  expect(together.hashes).toHaveLength(8);
  expect(together.hashes.at(-1)).toBe(alone.hashes[0]);
  expect(new Set(together.hashes).size).toBe(8);
}, 60_000);

describe("planted bugs", () => {
  test("are fifteen at least, each of another kind", () => {
    expect(new Set(plantedBugs.map(({ name }) => name)).size).toBeGreaterThanOrEqual(15);
  });

  test.each(quicklyCaught.map(({ name }) => name))(
    "'%s' is caught",
    async (bug) => {
      const { failures } = await runCampaign({ from: 1, seeds: 60, processes, bug, stop: true });
      expect(failures).not.toEqual([]);
    },
    60_000,
  );
});
