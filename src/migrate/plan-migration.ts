import { TableferryError } from "../base/error.ts";
import type { Described, Split } from "../connector/connector.ts";
import { RowRefused, type FlowRow } from "../job/mapping.ts";
import { totalsOf, CheckpointStore } from "../pipeline/checkpoint.ts";
import { decide } from "./decide.ts";
import { jobSides, mayCollide, type JobSides } from "../pipeline/job-sides.ts";
import type { MigrationInput } from "./migration-input.ts";
import type { MigrationPlan, PlannedMapping, PlannedSide } from "./migration-plan.ts";
import { wantedOf } from "./migration.ts";
import { planLines } from "./plan-lines.ts";
import { planSplits } from "./plan-splits.ts";
import { planWarnings, sizeOf } from "./plan-warnings.ts";
import { peekRun } from "./run-state.ts";

/** Rows sampled to forecast sizes and rejects. */
const sampleRows = 200;
/** Rows a second taken where no rate is set: what one process did through HTTP on two cores, well on the safe side. */
const assumedRowsPerSecond = 20_000;

export type PlanInput = Pick<MigrationInput, "spec" | "source" | "target" | "state" | "mapping" | "context">;

/** What running the job now would do. Reads only: no table is made, no state written. Errors of the job itself become its `problems`. */
export async function planMigration(input: PlanInput): Promise<MigrationPlan> {
  const { spec, context, state } = input;
  const seen = await peekRun(state, spec.name);
  const [source, target] = await Promise.all([input.source.describe(context.signal), input.target.describe(context.signal)]);
  const outline = outlineOf(input, source, target);
  if (!source.exists) return finished({ ...outline, warnings: [`${source.title} does not exist yet: the rest is known once it does`] });
  try {
    const sides = jobSides(spec, input.mapping, source, target);
    const decision = decide(seen, wantedOf(input, sides));
    const sample = await input.source.sample(sampleRows, sides.scope, context.signal);
    const splits = await planSplits(input, sides);
    const empty = await isEmpty(input, sides);
    const refuses = decision.kind === "start" && !decision.over && empty === false && spec.onTargetNotEmpty === "refuse";
    return finished({
      ...outline,
      jobHash: sides.jobHash,
      action: refuses
        ? "refuse"
        : ({ start: "copy", resume: "resume", verify: "verify", "nothing-to-do": "nothing-to-do" } as const)[decision.kind],
      target: { ...outline.target, empty },
      mapping: forecast(sides, sample),
      estimate: estimateOf(input, sides, sample, splits),
      splits: splits.length,
      done: decision.kind === "resume" && seen !== undefined ? await doneSoFar(input, seen.generation) : undefined,
      problems: refuses ? [`TF_TARGET_NOT_EMPTY: ${target.title} holds rows already`] : [],
      warnings: planWarnings({ spec, sides, sample, empty, refuseDuplicates: mayCollide(sides, spec.verify.coverage === "all"), decision }),
    });
  } catch (error) {
    if (!(error instanceof TableferryError) || context.signal.aborted) throw error;
    return finished({ ...outline, action: "refuse", problems: [`${error.code}: ${error.sentence}`] });
  }
}

type Unfinished = Omit<MigrationPlan, "lines">;

function finished(plan: Unfinished): MigrationPlan {
  return { ...plan, lines: planLines(plan) };
}

function outlineOf({ spec, state }: PlanInput, source: Described, target: Described): Unfinished {
  return {
    job: spec.name,
    action: "unknown",
    source: sideOf(source),
    target: { ...sideOf(target), willBeCreated: !target.exists },
    estimate: {},
    splits: 0,
    workers: spec.limits.workers,
    state: state.title,
    problems: [],
    warnings: [],
  };
}

function sideOf({ title, exists, key }: Described): PlannedSide {
  return { title, exists, key: key.map(({ name, type }) => ({ name, type })) };
}

async function isEmpty({ target, spec, context }: PlanInput, sides: JobSides): Promise<boolean> {
  if (!sides.target.exists) return true;
  const reader = target.reader(sides.mapping.targetKey);
  try {
    return (await reader.sample(1, { versions: spec.versions }, context.signal)).length === 0;
  } finally {
    await reader.close();
  }
}

/** Maps the sample: what it refuses, the run will most likely reject. */
function forecast({ mapping }: JobSides, sample: readonly FlowRow[]): PlannedMapping {
  const refusals: string[] = [];
  for (const row of sample) {
    try {
      mapping.map(row);
    } catch (error) {
      if (!(error instanceof RowRefused)) throw error;
      refusals.push(error.refusal.text);
    }
  }
  return {
    hash: mapping.hash,
    identity: mapping.identity,
    mode: mapping.mode,
    injective: mapping.injectiveBy === "proof" ? "proved" : mapping.injectiveBy === "promise" ? "promised" : "not proved",
    sampled: sample.length,
    refused: refusals.length,
    firstRefusals: [...new Set(refusals)].slice(0, 3),
  };
}

function estimateOf(
  { spec }: PlanInput,
  { source }: JobSides,
  sample: readonly FlowRow[],
  splits: readonly Split[],
): MigrationPlan["estimate"] {
  const whole = spec.range === undefined && spec.filter === undefined;
  const ofSplits = splits.every((split) => split.estimatedBytes !== undefined)
    ? splits.reduce((sum, split) => sum + split.estimatedBytes!, 0)
    : undefined;
  const bytes = whole ? source.estimatedBytes : ofSplits;
  const perRow = sample.length === 0 ? undefined : sample.reduce((sum, row) => sum + sizeOf(row), 0) / sample.length;
  const rows = whole ? source.estimatedRows : bytes !== undefined && perRow !== undefined ? Math.round(bytes / perRow) : undefined;
  const { rowsPerSecond, bytesPerSecond } = spec.limits;
  const byRows = rows === undefined ? undefined : rows / Math.min(rowsPerSecond ?? Infinity, assumedRowsPerSecond);
  const byBytes = bytes === undefined || bytesPerSecond === undefined ? 0 : bytes / bytesPerSecond;
  const basis =
    byRows === undefined
      ? undefined
      : byBytes > byRows
        ? `the limit of ${bytesPerSecond} bytes/s`
        : rowsPerSecond !== undefined && rowsPerSecond < assumedRowsPerSecond
          ? `the limit of ${rowsPerSecond} rows/s`
          : `${assumedRowsPerSecond} rows/s, not measured here`;
  return { rows, bytes, seconds: byRows === undefined ? undefined : Math.ceil(Math.max(byRows, byBytes)), basis };
}

async function doneSoFar({ state, spec }: PlanInput, generation: string): Promise<MigrationPlan["done"]> {
  const { rowsRead, rowsWritten, rejects, splitsDone } = totalsOf(
    (await new CheckpointStore(state, spec.name, generation).read()).values(),
  );
  return { rowsRead, rowsWritten, rejects, splitsDone };
}
