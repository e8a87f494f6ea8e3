import type { Split } from "../connector/connector.ts";
import type { JobSides } from "../pipeline/job-sides.ts";
import type { MigrationInput } from "./migration-input.ts";

/** Bytes of source a split should have: small enough that workers end together, large enough that checkpoints stay few. */
const splitBytes = 32 * 1024 * 1024;
const splitsMax = 2048;

/** Cuts the source. More splits than workers, so that a slow one does not hold up the end. */
export async function planSplits(
  { spec, source, context }: Pick<MigrationInput, "spec" | "source" | "context">,
  sides: JobSides,
): Promise<readonly Split[]> {
  const bySize = Math.ceil((sides.source.estimatedBytes ?? 0) / splitBytes);
  const wanted = Math.min(splitsMax, Math.max(spec.limits.workers * 2, bySize));
  return source.split(wanted, sides.scope, context.signal);
}
