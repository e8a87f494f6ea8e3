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
  readonly now: number;
}

/** One thing that must be in order. JSON-clean. */
export interface ReadinessItem {
  readonly what: "workers" | "lag" | "copy" | "rejects" | "verification" | "way back";
  readonly ready: boolean;
  readonly text: string;
}

/** Everything that cut-over asks for, each with what was found (R12). Pure. */
export function readiness(input: ReadinessInput): readonly ReadinessItem[] {
  const { status, canary, rejectsAllowed } = input;
  const alive = status.workers.filter(({ condition }) => condition === "alive").length;
  const lag = status.lagMs;
  return [
    {
      what: "workers",
      ready: alive > 0 && status.unheld.length === 0 && !status.control.paused && !status.control.draining,
      text:
        alive === 0
          ? "no worker is alive"
          : status.control.paused || status.control.draining
            ? `the sync is ${status.control.paused ? "paused" : "draining"}`
            : status.unheld.length > 0
              ? `${status.unheld.length} channels are held by no living worker`
              : `${alive} alive, ${status.channels.length} channels held`,
    },
    {
      what: "copy",
      ready: status.copyPassed,
      text: status.copyPassed ? "every channel has passed its end" : "not every channel has passed the end of the copy (R3)",
    },
    {
      what: "lag",
      ready: lag !== null && lag <= input.lagMs,
      text: lag === null ? "not known yet" : `${(lag / 1000).toFixed(1)} s, ${(input.lagMs / 1000).toFixed(1)} s are allowed`,
    },
    {
      what: "rejects",
      ready: status.parked <= rejectsAllowed,
      text: `${status.parked} keys are put aside, ${rejectsAllowed} are allowed`,
    },
    verificationItem(input),
    {
      what: "way back",
      ready: canary.length === 0,
      text: canary.length === 0 ? "its stream can be read and its target written" : canary.join("; "),
    },
  ];
}

function verificationItem({ verification, cutOver, now }: ReadinessInput): ReadinessItem {
  const { verifiedSince, last } = verification;
  const fail = (text: string): ReadinessItem => ({ what: "verification", ready: false, text });
  if (verifiedSince === null || last === null) return fail("some part was never verified; `tableferry sync verify` does it");
  if (last.differing > 0 || last.unsettled > 0)
    return fail(`the last round found ${last.differing} differing and ${last.unsettled} unsettled rows`);
  const age = (now - verifiedSince) / 1000;
  const text = `every row was verified within the last ${age.toFixed(0)} s, ${cutOver.maxVerificationAgeSeconds} s are allowed`;
  return { what: "verification", ready: age <= cutOver.maxVerificationAgeSeconds, text };
}
