/**
 * `npm run simulation [-- seeds=10000 from=1]`: workers of a sync against the server in process, each seed another run of faults, mishaps and writes; what failed is printed with the
 * command that replays it. `bugs` runs each planted bug until it is caught, `bugs=TEXT` those whose names hold that text; `trace=yes` prints all that happened in a seed.
 */
import { availableParallelism } from "node:os";
import { replayCommand, runCampaign } from "../test/simulation/sync/campaign.ts";
import { plantedBugs } from "../test/simulation/sync/planted-bugs.ts";
import { numberOption, textOption } from "./options.ts";

const BUG_SEEDS = 500;
const processes = Math.min(8, numberOption("processes", availableParallelism()));
const from = numberOption("from", 1);
const seeds = numberOption("seeds", 10_000);
const wanted = textOption("bugs", "");

if (textOption("trace", "no") === "yes") await trace();
else if (wanted !== "" || process.argv.includes("bugs")) await bugs();
else await clean();

async function clean(): Promise<void> {
  const onFailure = ({ seed, title, invariant, text }: { seed: number; title: string; invariant: string; text: string }) =>
    console.log(`seed ${seed} (${title})\n  ${invariant}: ${text}\n  ${replayCommand(seed)}`);
  const result = await runCampaign({ from, seeds, processes, onFailure });
  const perSecond = (result.seeds / result.milliseconds) * 1000;
  console.log(result.coverage.table());
  console.log(
    `${result.seeds} seeds from ${from} on, ${result.requests} requests in ${Math.round(result.virtualMs / 1000)} virtual seconds, ${perSecond.toFixed(1)} seeds a second on ${processes} processes: ${result.failures.length} failed`,
  );
  process.exitCode = result.failures.length === 0 ? 0 : 1;
}

async function bugs(): Promise<void> {
  let missed = 0;
  for (const { name } of plantedBugs.filter((bug) => bug.name.includes(wanted))) {
    const { failures } = await runCampaign({ from, seeds: BUG_SEEDS, processes, bug: name, stop: true });
    const [first] = failures;
    if (first === undefined) missed++;
    console.log(
      `${name}: ${first === undefined ? `not caught in ${BUG_SEEDS} seeds` : `caught by seed ${first.seed}, ${first.invariant}: ${first.text.split("\n")[0]!.slice(0, 150)}`}`,
    );
  }
  process.exitCode = missed === 0 ? 0 : 1;
}

async function trace(): Promise<void> {
  const { simulate } = await import("../test/simulation/sync/simulation.ts");
  const { title, trace: lines, notes, hash, violation } = await simulate(from, true);
  console.log(
    [...lines, "", ...notes, "", title, hash, violation === undefined ? "all holds" : `${violation.invariant}: ${violation.text}`].join(
      "\n",
    ),
  );
  process.exitCode = violation === undefined ? 0 : 1;
}
