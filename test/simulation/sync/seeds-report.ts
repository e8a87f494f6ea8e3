/** What a process that ran seeds says at its end. */
export interface SeedsReport {
  seeds: number;
  failed: number;
  requests: number;
  virtualMs: number;
  readonly milliseconds: number;
  readonly coverage: readonly (readonly [string, number])[];
  /** Of the seeds, in their order. */
  readonly hashes: string[];
}

/** A seed in which something did not hold. */
export interface SeedFailure {
  readonly seed: number;
  readonly title: string;
  readonly invariant: string;
  readonly text: string;
}
