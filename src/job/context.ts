import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import type { FaultPoint } from "../base/fault-point.ts";
import type { OnProgress } from "./progress.ts";

/** What a run of a job is given from outside: everything else stands in the specification. */
export interface JobContext {
  readonly clock: Clock;
  readonly chance: Chance;
  /** Aborting stops at the next checkpoint; the run then rejects with TF_STOPPED, naming where it stands. */
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  /** Absolute folder from which the specification's relative paths resolve. */
  readonly folder: string;
  /** Environment for credential references. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A line for people: warnings and decisions, without secrets. */
  readonly note: (line: string) => void;
  /**
   * Asked before rows are deleted (`onTargetNotEmpty: mirror`). True: go ahead. Left out: nobody can be asked, and the run stops
   * with TF_MIRROR before deleting anything.
   */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
  /** Makes a complete copy once more, over what is there; a job that was interrupted goes on instead. */
  readonly again?: boolean | undefined;
  /** For tests of crashes, see base/fault-point.ts. Default: what TABLEFERRY_FAULT in `env` asks for. */
  readonly faultPoint?: FaultPoint | undefined;
}
