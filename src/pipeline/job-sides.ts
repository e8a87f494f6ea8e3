import { TableferryError } from "../base/error.ts";
import type { Described, ScanScope } from "../connector/connector.ts";
import { compileMapping } from "../job/compile-mapping.ts";
import { jobHash } from "../job/job-hash.ts";
import type { LoadedMapping } from "../job/load-mapping.ts";
import type { CompiledMapping } from "../job/mapping.ts";
import { scanScope } from "./scan-scope.ts";

/** Both sides as they are now, and what follows from them for the job. */
export interface JobSides {
  readonly source: Described;
  readonly target: Described;
  readonly mapping: CompiledMapping;
  readonly scope: ScanScope;
  readonly jobHash: string;
}

/**
 * Checks the job against both sides as they are described.
 * @param originColumns whose old values stand in the source's stream records (R1)
 * @throws TF_SOURCE_MISSING, TF_TARGET_MISSING, TF_TARGET_AUTO_INCREMENT, TF_MAPPING_INVALID, TF_SPEC_INVALID
 */
export function jobSides(
  spec: Parameters<typeof jobHash>[0],
  loaded: LoadedMapping,
  source: Described,
  target: Described,
  originColumns?: readonly string[],
): JobSides {
  if (!source.exists) throw new TableferryError("TF_SOURCE_MISSING", { message: `there is no ${source.title}`, place: "source" });
  // A table without a key is a table that is not there, and that the job does not say how to make.
  if (!target.exists && target.uniqueKeys && target.key.length === 0) {
    throw new TableferryError("TF_TARGET_MISSING", { message: `there is no ${target.title}`, place: "target" });
  }
  const automatic = target.key.find((column) => column.autoIncrement === true);
  if (automatic !== undefined) {
    throw new TableferryError("TF_TARGET_AUTO_INCREMENT", {
      message: `the key column ${automatic.name} of ${target.title} is AUTO_INCREMENT: it takes no values of ours, and would number rows again on every retry`,
      place: "target",
    });
  }
  const mapping = compileMapping(loaded, {
    sourceKey: source.key,
    targetKey: target.key,
    sourceColumns: source.columns,
    originColumns,
    sourceHeader: source.header ?? (source.open ? undefined : source.columns.map((column) => column.name)),
  });
  return { source, target, mapping, scope: scanScope(spec, source.key), jobHash: jobHash(spec, mapping.hash) };
}

/**
 * Whether two rows of the source may come out under one key, so that the later one would silently replace the earlier. A
 * promise is believed where verification will show whether it was kept.
 */
export function mayCollide(sides: JobSides, verified: boolean): boolean {
  if (sides.target.key.length === 0 || !sides.target.uniqueKeys) return false;
  const { injectiveBy } = sides.mapping;
  const distinct = injectiveBy === "proof" || (injectiveBy === "promise" && verified);
  return !sides.source.uniqueKeys || !distinct;
}
