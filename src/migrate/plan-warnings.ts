import type { FlowRow } from "../job/mapping.ts";
import type { MigrationSpec } from "../job/job-spec.ts";
import { valueSize } from "../model/value.ts";
import type { Decision } from "./decide.ts";
import type { JobSides } from "../pipeline/job-sides.ts";

export interface WarningQuestion {
  readonly spec: MigrationSpec;
  readonly sides: JobSides;
  readonly sample: readonly FlowRow[];
  /** Whether the target holds nothing. */
  readonly empty: boolean;
  /** Two source rows may come out under one key. */
  readonly refuseDuplicates: boolean;
  readonly decision: Decision;
}

/** What could go wrong with a job that is right in itself, or may surprise. */
export function planWarnings(question: WarningQuestion): string[] {
  if (question.decision.kind === "nothing-to-do") return [];
  return [...keyWarnings(question), ...columnWarnings(question), ...versionWarnings(question), ...proofWarnings(question)];
}

function keyWarnings({ spec, sides, empty, refuseDuplicates }: WarningQuestion): string[] {
  const { source, mapping } = sides;
  const warnings: string[] = [];
  if (refuseDuplicates && empty) {
    const why = source.uniqueKeys ? "the mapping is not proved to keep different keys apart" : `${source.title} may hold one key twice`;
    warnings.push(
      `${why}: rows are written on condition that their key is free, which costs a read each; a second row of one key is rejected`,
    );
  } else if (refuseDuplicates) {
    warnings.push(
      "two source rows may have one target key, and since the target is not empty the later one replaces the earlier; verification names such keys",
    );
  }
  if (mapping.injectiveBy === "promise") warnings.push("different source keys give different target keys only as the mapping promises");
  if (!empty && spec.onTargetNotEmpty === "mirror")
    warnings.push(`rows of ${sides.target.title} that ${source.title} does not have will be deleted, after asking`);
  if (!empty && spec.onTargetNotEmpty === "merge")
    warnings.push(
      `rows of ${sides.target.title} under the same keys will be replaced; its other rows stay, and verification of the whole target will name them as extra`,
    );
  return warnings;
}

/** Rules about columns that no sampled row has are most often misspelt. */
function columnWarnings({ sides, sample }: WarningQuestion): string[] {
  const { plan } = sides.mapping;
  if (plan === undefined || sample.length === 0) return [];
  const seen = new Set(sample.flatMap((row) => [...row.columns, ...row.key].map(({ name }) => name)));
  const read = [...plan.columns, ...plan.targetKey].flatMap(({ from }) =>
    from.kind === "computed" ? plan.computed[from.index]!.inputs : from.kind === "constant" ? [] : [from.name],
  );
  const kept = plan.keep === undefined ? [] : plan.computed[plan.keep]!.inputs;
  const unseen = [...new Set([...read, ...kept])].filter((name) => !seen.has(name));
  if (unseen.length === 0) return [];
  return [`the mapping reads ${unseen.map((name) => `\`${name}\``).join(", ")}, which none of the ${sample.length} sampled rows has`];
}

function versionWarnings({ spec, sides }: WarningQuestion): string[] {
  const { source, target } = sides;
  const warnings: string[] = [];
  if (spec.versions === "latest" && source.maxVersions > 1)
    warnings.push(
      `${source.title} keeps ${source.maxVersions} versions of a column; only the latest is carried over (versions: keep carries all)`,
    );
  if (spec.versions === "latest" && source.timeToLiveSeconds > 0)
    warnings.push(
      `${source.title} lets cells expire after ${source.timeToLiveSeconds} s; carried over without their timestamps they live anew (versions: keep)`,
    );
  if (spec.versions === "keep" && target.exists && target.maxVersions < source.maxVersions)
    warnings.push(
      `${target.title} keeps ${target.maxVersions} versions, ${source.title} ${source.maxVersions}: older ones will be missing`,
    );
  if (spec.versions === "keep" && target.timeToLiveSeconds !== source.timeToLiveSeconds)
    warnings.push(`time to live differs: ${source.timeToLiveSeconds} s in the source, ${target.timeToLiveSeconds} s in the target`);
  return warnings;
}

/** Of a copy that stands alone; a sync's is followed by the changes. */
export function proofWarnings({ spec }: Pick<WarningQuestion, "spec">): string[] {
  const warnings: string[] = [];
  if (spec.verify.coverage === "none") warnings.push("the copy will not be verified (verify.coverage: none)");
  if (!spec.quiescent) warnings.push("the source is written meanwhile: without a stream this is a fuzzy copy, and its certificate says so");
  return warnings;
}

/** Bytes of a row's names and values. */
export function sizeOf(row: FlowRow): number {
  let bytes = 0;
  for (const { name, value } of row.key) bytes += name.length + valueSize(value);
  for (const { name, value } of row.columns) bytes += name.length + valueSize(value);
  return bytes;
}
