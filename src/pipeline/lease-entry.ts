import { TableferryError } from "../base/error.ts";
import type { ProcessOwner } from "./process-owner.ts";
import type { StateEntry } from "./state-store.ts";

/** What the lease row of a job says. */
export interface LeaseRecord {
  /** Who holds it; null when it was given back. */
  readonly owner: ProcessOwner | null;
  /** Milliseconds without a heartbeat after which another run may take over. */
  readonly leaseMs: number;
  /** Milliseconds one of its writes may be under way; a successor waits so long before its own first write. */
  readonly requestDeadlineMs: number;
  /** Given back while writes were still under way. */
  readonly unsettled?: boolean | undefined;
  /** Wall clock, milliseconds, for people: when it was taken, and when it last showed a sign of life. */
  readonly since: number;
  readonly beat: number;
}

export function readLease(entry: StateEntry, place: string): LeaseRecord {
  try {
    return JSON.parse(entry.value) as LeaseRecord;
  } catch (cause) {
    throw new TableferryError("TF_STATE_CORRUPT", { message: "the job's lease cannot be read", place, cause });
  }
}
