import type { CutOverSpec } from "../../job/sync-spec.ts";
import type { RollingReport } from "../../verify/rolling/report.ts";
import type { SyncStatus } from "../sync-status.ts";

/** What is looked at before writers are moved. */
export interface ReadinessInput {
  readonly status: SyncStatus;
  readonly verification: RollingReport;
  readonly cutOver: CutOverSpec;
  readonly rejectsAllowed: number;
  readonly lagMs: number;
  /** What is wrong with the way back, by trying it without changing anything. */
  readonly canary: readonly string[];
  /** Workers verify round after round, so that an age that is too great grows less by itself. */
  readonly verifies: boolean;
  readonly now: number;
}

/** One thing that must be in order. JSON-clean. */
export interface ReadinessItem {
  readonly what: "workers" | "lag" | "copy" | "rejects" | "verification" | "way back";
  readonly ready: boolean;
  /** Not in order, and time alone may bring it in order: whoever can wait, waits. */
  readonly passes: boolean;
  readonly text: string;
}

/** Everything that cut-over asks for, each with what was found (R12). Pure. */
export function readiness(input: ReadinessInput): readonly ReadinessItem[] {
  const { status, canary, rejectsAllowed, lagMs: allowed } = input;
  const { lagMs, parked, copyPassed } = status;
  const shown = lagMs === null ? "not known yet" : `${(lagMs / 1000).toFixed(1)} s, ${(allowed / 1000).toFixed(1)} s are allowed`;
  const back = canary.length === 0 ? "its stream can be read and its target written" : canary.join("; ");
  return [
    workersItem(status),
    item(
      "copy",
      copyPassed,
      true,
      copyPassed ? "every channel has passed its end" : "not every channel has passed the end of the copy (R3)",
    ),
    item("lag", lagMs !== null && lagMs <= allowed, true, shown),
    item("rejects", parked <= rejectsAllowed, false, `${parked} keys are put aside, ${rejectsAllowed} are allowed`),
    verificationItem(input),
    item("way back", canary.length === 0, false, back),
  ];
}

function item(what: ReadinessItem["what"], ready: boolean, passing: boolean, text: string): ReadinessItem {
  return { what, ready, passes: !ready && passing, text };
}

/** A worker that has just been started tells of itself soon; a sync that somebody paused stays so. */
function workersItem({ workers, channels, unheld, control: { paused, draining } }: SyncStatus): ReadinessItem {
  const alive = workers.filter(({ condition }) => condition === "alive").length;
  if (paused || draining) return item("workers", false, false, `the sync is ${paused ? "paused" : "draining"}`);
  if (alive === 0) return item("workers", false, true, "no worker is alive");
  if (unheld.length > 0) return item("workers", false, true, `${unheld.length} channels are held by no living worker`);
  return item("workers", true, false, `${alive} alive, ${channels.length} channels held`);
}

function verificationItem({ verification, cutOver, verifies, now }: ReadinessInput): ReadinessItem {
  const { verifiedSince, last } = verification;
  if (verifiedSince === null || last === null)
    return item("verification", false, verifies, "some part was never verified; `tableferry sync verify` does it");
  // Rows that are written too often to be seen at rest are, once writers are kept out.
  const restless = cutOver.finalVerification === "none" && last.unsettled > 0;
  if (last.differing > 0 || restless) {
    const text = `the last round found ${last.differing} differing and ${last.unsettled} unsettled rows`;
    return item("verification", false, verifies && last.differing === 0, text);
  }
  const age = (now - verifiedSince) / 1000;
  const text = `every row was verified within the last ${age.toFixed(0)} s, ${cutOver.maxVerificationAgeSeconds} s are allowed`;
  return item("verification", age <= cutOver.maxVerificationAgeSeconds, verifies, text);
}
