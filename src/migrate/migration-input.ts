import type { Source, Target } from "../connector/connector.ts";
import type { JobContext } from "../job/context.ts";
import type { MigrationSpec } from "../job/job-spec.ts";
import type { LoadedMapping } from "../job/load-mapping.ts";
import type { LateFence } from "../pipeline/fence.ts";
import type { StateStore } from "../pipeline/state-store.ts";

/** Everything a migration works with; opened and closed by whoever runs it. */
export interface MigrationInput {
  readonly spec: MigrationSpec;
  readonly source: Source;
  readonly target: Target;
  readonly state: StateStore;
  readonly mapping: LoadedMapping;
  readonly context: JobContext;
  /** What the target's clients ask before each try of a write; armed when the run is held. */
  readonly fence: LateFence;
  /** Version of tableferry, for the certificate. */
  readonly toolVersion: string;
}
