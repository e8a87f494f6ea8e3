import type { MigrationSpec } from "../job/job-spec.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { copyName } from "./park-rejects.ts";
import { longestOperationMs } from "./sync-deadlines.ts";

/** The copy as a migration with a state of its own: changes come behind it, so it proves nothing by itself. */
export function copyOf(spec: SyncSpec): MigrationSpec {
  const name = copyName(spec);
  const { version, source, target, mapping, range, filter, versions, limits, state, rejects, onTargetNotEmpty } = spec;
  return {
    ...{ version, name, source, target, mapping, range, filter, versions, limits, state, rejects, onTargetNotEmpty },
    kind: "migration",
    // A write of the copy may take half of the lease; after that the service must be done with it as well (R2).
    leaseSeconds: Math.max(spec.leaseSeconds, (2 * longestOperationMs(spec)) / 1000),
    quiescent: false,
    verify: { ...spec.verify, coverage: "none", certificate: false },
  };
}
