import type { FaultPoint } from "../../base/fault-point.ts";
import type { ScanScope, Source } from "../../connector/connector.ts";
import type { JobContext } from "../../job/context.ts";
import type { VerifySpec } from "../../job/job-spec.ts";
import type { Difference } from "../../job/result.ts";
import type { CompiledMapping } from "../../job/mapping.ts";
import { stateKeys } from "../../pipeline/state-keys.ts";
import type { StateStore } from "../../pipeline/state-store.ts";
import type { Throttle } from "../../pipeline/throttle.ts";
import type { ParkedRows } from "../parked-rows.ts";
import type { VerificationInput, VerificationState } from "../verification-input.ts";
import type { AppliedPosition } from "./applied-position.ts";
import { ThrottledSide } from "./throttled-side.ts";

/** Both sides of a sync that is running, and how they are compared. */
export interface SyncedSides {
  readonly job: string;
  readonly source: Source;
  /** The target as it is read (`Target.reader`). */
  readonly target: Source;
  /** Undefined: rows are compared as they are. */
  readonly mapping: CompiledMapping | undefined;
  /** The part of the source. */
  readonly scope: ScanScope;
  /** The target holds nothing but what this job wrote: also for a part of the source, extra rows are then found. */
  readonly targetHoldsOnlyThis?: boolean | undefined;
  readonly applied: AppliedPosition;
  readonly explained: ParkedRows;
  /** What is read of both sides together, looked up or scanned; may be retuned meanwhile. */
  readonly throttle: Throttle;
  readonly limits: VerificationInput["limits"];
  readonly verify: Pick<VerifySpec, "rounds" | "roundSeconds" | "list" | "maskValues">;
  readonly context: JobContext;
  readonly fault?: FaultPoint | undefined;
}

export interface RollingInput extends SyncedSides {
  readonly state: StateStore;
  /** Names this verifier: a later one takes the round over, and this one then ends with TF_FENCED. */
  readonly token: string;
  /**
   * Seconds between the beginnings of two rounds, over which a round's reading is spread; at least it takes as long as `throttle` makes
   * it take. Left out: rounds follow one another, each as fast as it may.
   */
  readonly everySeconds?: number | undefined;
  /** Wall clock, milliseconds: a round in the order of keys that was begun before is begun anew; one by digests is gone on with all the same. */
  readonly notBefore?: number | undefined;
  /**
   * Takes all differences, also those beyond `verify.list`, before the counts of the stretch they were found in are written down; after a
   * kill some are given once more.
   */
  readonly onDifferences?: ((differences: readonly Difference[]) => Promise<void>) | undefined;
}

/** The same as a verification of sides of which the source is being written and its stream applied. */
export function asVerification(sides: SyncedSides, state?: VerificationState): VerificationInput {
  const { job, mapping, scope, limits, context, throttle, applied } = sides;
  return {
    job,
    source: new ThrottledSide(sides.source, throttle),
    target: new ThrottledSide(sides.target, throttle),
    mapping,
    scope,
    verify: { ...sides.verify, coverage: "all", onMismatch: "report", unsettledAllowed: 0, certificate: false },
    limits,
    quiescent: false,
    context,
    toolVersion: "",
    state,
    parked: sides.explained,
    targetHoldsOnlyThis: sides.targetHoldsOnlyThis,
    // The millisecond under way is over only with the next one.
    stream: { awaitApplied: (signal) => applied.passed(context.clock.now() + 1, signal), positions: () => ({}) },
    fault: sides.fault,
  };
}

/** Where the digests of an interrupted round are kept. What was read early in a round is meant to be as old as the round. */
export function digestPlace({ job, state, token, everySeconds }: RollingInput): VerificationState {
  return { store: state, prefix: stateKeys.verificationDigests(job), token, maxAgeSeconds: Math.max(3600, 2 * (everySeconds ?? 0)) };
}
