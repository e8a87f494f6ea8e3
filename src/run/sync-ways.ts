import type { SyncSpec } from "../job/sync-spec.ts";
import type { Way } from "../sync/cut-over/cut-over-record.ts";
import { migrationState } from "./open-state.ts";

/** The sync as it goes this way. The way back is a sync of its own between the same two tables; its state stands beside that of the way there. */
export function wayOf(spec: SyncSpec, way: Way): SyncSpec {
  if (way === "forward") return spec;
  const { create: _create, ...source } = spec.target;
  return {
    ...spec,
    name: `${spec.name}.back`,
    source,
    target: spec.source,
    mapping: spec.cutOver?.backMapping,
    initial: "none",
    state: migrationState(spec),
  };
}
