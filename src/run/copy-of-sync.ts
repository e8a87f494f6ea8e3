import type { MigrationSpec } from "../job/job-spec.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { copyName } from "./park-rejects.ts";

/** The copy as a migration with a state of its own: changes come behind it, so it proves nothing by itself. */
export function copyOf(spec: SyncSpec): MigrationSpec {
  const name = copyName(spec);
  const { version, source, target, mapping, range, filter, versions, limits, state, rejects, onTargetNotEmpty, leaseSeconds } = spec;
  return {
    ...{ version, name, source, target, mapping, range, filter, versions, limits, state, rejects, onTargetNotEmpty, leaseSeconds },
    kind: "migration",
    quiescent: false,
    verify: { ...spec.verify, coverage: "none", certificate: false },
  };
}
