import { toError } from "../../../src/base/error.ts";
import { Director } from "./director.ts";
import { scenarioOf, type Scenario } from "./scenario.ts";
import type { Violation } from "./witness.ts";
import { World } from "./world.ts";

/** What became of a seed. */
export interface Outcome {
  readonly seed: number;
  /** One line: what was done. */
  readonly title: string;
  readonly violation: { readonly invariant: string; readonly text: string } | undefined;
  /** Of everything that happened, in its order. */
  readonly hash: string;
  readonly trace: readonly string[];
  readonly notes: readonly string[];
  readonly requests: number;
  readonly virtualMs: number;
  /** Rounds of the verifier among changes. */
  readonly verified: number;
  readonly coverage: readonly (readonly [string, number])[];
}

/** Virtual milliseconds within which workers must have caught up when all is well again: a time-out, the longest pause of a channel that failed, and room. */
const CATCH_UP_MS = 90_000;
/** Within this an orderly end must be over. */
const END_MS = 45_000;

/** Runs one seed to its end, or to the first thing that does not hold. */
export async function simulate(seed: number, keepTrace = false): Promise<Outcome> {
  const scenario = scenarioOf(seed);
  const world = await World.open(scenario, keepTrace);
  const director = new Director(world);
  try {
    await act(world, director);
  } catch (error) {
    world.witness.note("simulation", toError(error).stack ?? String(error));
  } finally {
    world.close();
  }
  const violation: Violation | undefined = world.witness.violation;
  return {
    seed,
    title: titleOf(scenario),
    violation: violation && { invariant: violation.invariant, text: violation.message },
    hash: world.trace.hash,
    trace: world.trace.lines,
    notes: world.notes,
    requests: world.requests,
    virtualMs: Math.round(world.time.monotonic() - 1_700_000_000_000),
    verified: world.verified,
    coverage: director.coverage.entries,
  };
}

async function act(world: World, director: Director): Promise<void> {
  const { time, witness, scenario } = world;
  const failed = () => witness.violation !== undefined;
  director.begin();
  await time.until(failed, scenario.spanMs);
  if (failed()) return;
  await director.end();
  const began = time.monotonic();
  while (!(await world.isCaughtUp())) {
    if (failed()) return;
    if (time.monotonic() - began > CATCH_UP_MS)
      return witness.note("caught up", `not within ${CATCH_UP_MS / 1000} s\n${world.notes.slice(-10).join("\n")}`);
    await time.until(failed, 200);
  }
  // What was given up may still be carried out.
  await time.until(failed, 4000);
  await witness.compare();
  if (failed()) return;
  if (witness.parked.size > 0) await replay(world, director);
  if (failed()) return;
  await end(world);
  if (!failed() && scenario.verifies) await director.verifyAtRest();
}

async function replay({ time, witness }: World, director: Director): Promise<void> {
  await director.replayAll();
  await time.pass(4000);
  await witness.compare();
  witness.compareParked();
}

async function end({ time, witness, living }: World): Promise<void> {
  for (const { stop } of living) stop.abort(new Error("the simulation is over"));
  const ended = await time.until(() => living.every((worker) => worker.end !== undefined), END_MS);
  if (!ended) witness.note("end", `a worker that was told to end had not within ${END_MS / 1000} s`);
  await time.pass(4000);
  await witness.compare();
}

function titleOf({ kind, versions, initial, workers, cuts, writes, spec, goals, mishaps }: Scenario): string {
  const faults = goals.map(({ fault, state }) => `${fault} while ${state}`).join(", ");
  return `${kind.name}, ${versions}, ${initial}, ${workers} workers, ${cuts.length + 1} partitions, ${writes} writes, checkpoints ${spec.checkpointSeconds} s, mishaps ${mishaps}: ${faults}`;
}
