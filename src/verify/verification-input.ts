import type { FaultPoint } from "../base/fault-point.ts";
import type { ScanScope, Source } from "../connector/connector.ts";
import type { JobContext } from "../job/context.ts";
import type { VerifySpec } from "../job/job-spec.ts";
import type { CompiledMapping } from "../job/mapping.ts";
import type { CheckpointPlace } from "./checkpoint.ts";
import type { ParkedRows } from "./parked-rows.ts";
import type { Throttle } from "./read-splits.ts";
import type { RejectIndex } from "./reject-index.ts";

/** Two sides and how they are to be compared. */
export interface VerificationInput {
  readonly job: string;
  readonly source: Source;
  /** The target as it is read (`Target.reader`). */
  readonly target: Source;
  /** Undefined: rows are compared as they are. */
  readonly mapping: CompiledMapping | undefined;
  /** The part of the source. */
  readonly scope: ScanScope;
  readonly verify: VerifySpec;
  readonly limits: { readonly workers: number; readonly inFlightBytes: number };
  /** Nobody writes to either side meanwhile. */
  readonly quiescent: boolean;
  readonly context: JobContext;
  /** Version of tableferry, for the certificate. */
  readonly toolVersion: string;
  readonly throttle?: Throttle | undefined;
  /** Where an interrupted verification is kept; absent: it begins anew. */
  readonly state?: VerificationState | undefined;
  readonly rejects?: RejectIndex | undefined;
  /** Rows that a running sync has put aside, asked for again and again. */
  readonly parked?: ParkedRows | undefined;
  /** The target holds nothing but what this job wrote: also for a part of the source, extra rows are then found. */
  readonly targetHoldsOnlyThis?: boolean | undefined;
  /** Present while a stream is being applied to the target. */
  readonly stream?: AppliedStream | undefined;
  readonly fault?: FaultPoint | undefined;
}

export interface VerificationState extends CheckpointPlace {
  /** What was done to the target before, e.g. the run that copied: progress made after another one is not taken up. */
  readonly after?: string | undefined;
  /** Seconds between two checkpoints; default 15. */
  readonly everySeconds?: number | undefined;
  /**
   * Seconds after which an interrupted verification is not gone on with; default 3600. What was read before the interruption is not
   * read again, so a change made there meanwhile is not seen.
   */
  readonly maxAgeSeconds?: number | undefined;
}

export interface AppliedStream {
  /** Resolves once everything that the source held at the call has been applied to the target. */
  awaitApplied(signal: AbortSignal): Promise<void>;
  /** Applied position by channel. */
  positions(): Readonly<Record<string, string>>;
}
