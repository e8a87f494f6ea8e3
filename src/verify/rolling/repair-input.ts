import type { Target } from "../../connector/connector.ts";
import type { Difference } from "../../job/result.ts";
import type { RowChange } from "../../model/row.ts";
import type { Fence } from "../../pipeline/fence.ts";
import type { Throttle } from "../../pipeline/throttle.ts";
import type { SyncedSides } from "./rolling-input.ts";

/** What is to be repaired, and what for. Nothing is repaired unless somebody asked for it. */
export interface RepairInput extends SyncedSides {
  readonly differences: readonly Difference[];
  /** Rows that only the target has are deleted; else they are left standing (`kept`), but for one that this very call put there. */
  readonly deleteExtras: boolean;
  /** Under `versions: keep` prepared by the run, whose deviation old timestamps need (R5). */
  readonly write: Pick<Target, "write" | "changeEncoder">;
  /** Passed by every write (R2). */
  readonly fence: Fence;
  /** Of the writes; `throttle` is that of the readings. */
  readonly writeThrottle: Throttle;
  /** The service's longest operation, milliseconds: so much longer than a request's deadline may a lost write still take effect (R2). */
  readonly longestOperationMs: number;
  /** Told of every write before it leaves, and waited for: nothing is written that is not on record. */
  readonly audit: (write: RepairWrite) => Promise<void>;
}

/** JSON-clean; columns are named, their values are not. */
export interface RepairWrite {
  readonly job: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly key: string;
  readonly change: RowChange["type"];
  readonly columns: readonly string[];
}

/**
 * - `repaired`: as it should be, by what was written;
 * - `alike`: as it should be, without a write;
 * - `moved`: it kept changing, or changed before the write reached it and was right when it was read again: the sync carries it;
 * - `explained`: its changes are parked as rejects, and their replay will carry it;
 * - `kept`: only the target has it, and deleting was not asked for;
 * - `too-wide`, `unguardable`: no condition could keep the write from a newer value;
 * - `duplicate`: several source rows map to it;
 * - `without-effect`: written, and acknowledged, and not to be seen: a version with a timestamp in the future hides it;
 * - `refused`: the target cannot hold it.
 */
export type RepairOutcome =
  "repaired" | "alike" | "moved" | "explained" | "kept" | "too-wide" | "unguardable" | "duplicate" | "without-effect" | "refused";

export interface RepairedRow {
  readonly key: string;
  readonly outcome: RepairOutcome;
  /** Acknowledged ones. */
  readonly writes: number;
  /** Of `refused`: why. */
  readonly text?: string | undefined;
}

/** JSON-clean. */
export interface RepairReport {
  readonly job: string;
  readonly counts: Readonly<Record<RepairOutcome, number>>;
  /** In the order of the differences. */
  readonly rows: readonly RepairedRow[];
}
