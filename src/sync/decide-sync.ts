import { TableferryError } from "../base/error.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import type { SyncRecord } from "./sync-record.ts";

/** What is wanted now and what both sides look like now. */
export interface WantedSync {
  readonly job: string;
  readonly jobHash: string;
  /** The job's hash as if it had this mapping; tells a changed mapping from another job. */
  readonly jobHashWith: (mappingHash: string) => string;
  readonly mappingHash: string;
  readonly source: { readonly title: string; readonly incarnation: string };
  /** Undefined: there is none yet. */
  readonly target: { readonly title: string; readonly incarnation: string } | undefined;
  readonly onMappingChange: SyncSpec["onMappingChange"];
  /** Copy once more, over what is there. */
  readonly again: boolean;
}

/** `begin`: nothing is there. `go on`: where the record says. `recopy`: read the whole source again. `from now`: the mapping is another one for changes to come. */
export type SyncDecision = "begin" | "go on" | "recopy" | "from now";

/**
 * What to do with what earlier workers left. Pure.
 * @throws TF_SYNC_OTHER, TF_MAPPING_CHANGED (R13), TF_INCARNATION (R9)
 */
export function decideSync(record: SyncRecord | undefined, wanted: WantedSync): SyncDecision {
  if (record === undefined) return "begin";
  if (record.jobHash !== wanted.jobHashWith(record.mappingHash)) {
    throw new TableferryError("TF_SYNC_OTHER", { message: `the state of ${wanted.job} belongs to another sync`, place: wanted.job });
  }
  const changed =
    record.source.incarnation !== wanted.source.incarnation
      ? wanted.source.title
      : record.target.incarnation !== "" && creationOf(record.target.incarnation) !== creationOf(wanted.target?.incarnation ?? "")
        ? record.target.title
        : undefined;
  if (changed !== undefined) {
    throw new TableferryError("TF_INCARNATION", {
      message: `${changed} is not the one that sync ${wanted.job} began with: it was deleted and made anew, or its stream was switched off and on`,
      place: changed,
      wayOut: "Changes may be missing. Forget the sync (`tableferry forget FILE`) and run it from the beginning.",
    });
  }
  if (wanted.again) return "recopy";
  if (record.mappingHash === wanted.mappingHash) return "go on";
  if (wanted.onMappingChange === "recopy") return "recopy";
  if (wanted.onMappingChange === "fromNow") return "from now";
  throw new TableferryError("TF_MAPPING_CHANGED", {
    message: `the mapping of sync ${wanted.job} changed since it began`,
    place: wanted.job,
  });
}

/** Of a table that is written, its creation alone: its stream is nobody's here, and a cut-over switches it on. */
function creationOf(incarnation: string): string {
  return incarnation.split("/")[0]!;
}
