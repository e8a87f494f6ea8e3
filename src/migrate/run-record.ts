import type { MigrationResult, VerificationResult } from "../job/result.ts";

/**
 * How far a migration is, by stored facts. `planned`: splits are kept, nothing was written to the target. `copying`: the target was made
 * ready, rows may be there. `copied`: every row is acknowledged or rejected, and the target is whole. `settled`: extra rows are gone
 * where they were to go, the target may be verified. `done`: verified as far as asked.
 */
export type Stage = "planned" | "copying" | "copied" | "settled" | "done";

/** The run row of a migration. Written under the token of the run that holds the lease. */
export interface RunRecord {
  readonly format: 1;
  readonly kind: "migration";
  readonly jobHash: string;
  readonly mappingHash: string;
  readonly stage: Stage;
  /** Under which splits, checkpoints and rejects stand. */
  readonly generation: string;
  /** Pieces of the list of splits. */
  readonly splitPieces: number;
  readonly splits: number;
  readonly source: { readonly title: string; readonly incarnation: string };
  /** The incarnation is known once the target was made ready. */
  readonly target: { readonly title: string; readonly incarnation: string };
  /** The run may write over what an earlier run of this job has written. */
  readonly over: boolean;
  /** Whether the target held nothing before the first row of this generation. */
  readonly targetWasEmpty: boolean;
  /** An earlier run ended because of its rejects: they are tried again by the next one. */
  readonly rejectsExceeded?: boolean | undefined;
  readonly estimatedRows?: number | undefined;
  /** Wall clock, milliseconds. */
  readonly begun: number;
  readonly ended?: number | undefined;
  /** Seconds of copying over all runs. */
  readonly seconds: number;
  readonly verification?: VerificationResult | undefined;
  /** What the job came to, once it is done. */
  readonly result?: MigrationResult | undefined;
}

/** A verification fit for a state row: a long list of differences is cut, their count stays. */
export function keptVerification(result: VerificationResult): VerificationResult {
  const differences = result.differences.slice(0, 20);
  return JSON.stringify(differences).length > 100_000 ? { ...result, differences: [] } : { ...result, differences };
}
