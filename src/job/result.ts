/** Results are JSON-clean: 64-bit counts and hashes as strings or safe integers, no Date, no undefined inside arrays. */
export interface Difference {
  readonly kind: "missing" | "extra" | "different" | "unsettled" | "hidden-version" | "duplicate";
  /** The target key, as shown to people and accepted by `tableferry explain`. */
  readonly key: string;
  /** Where the source row stands (its key, or file and line), where there is one and the target key does not tell it. */
  readonly source?: string | undefined;
  /** Columns that differ, with both values as text (masked on request), for `different`. */
  readonly columns: readonly {
    readonly name: string;
    readonly source: string | null;
    readonly target: string | null;
    readonly why: string;
  }[];
}

export interface VerificationResult {
  readonly job: string;
  readonly equal: boolean;
  readonly coverage: { readonly kind: "all" | "part"; readonly text: string };
  readonly sourceRows: number;
  readonly targetRows: number;
  readonly rejectedRows: number;
  readonly filteredRows: number;
  /** Hex SHA-256 roots over the leaves (R7). */
  readonly sourceDigest: string;
  readonly targetDigest: string;
  readonly differences: readonly Difference[];
  /** Differences found in all; `differences` may be cut. */
  readonly differenceCount: number;
  readonly unsettled: number;
  readonly live: boolean;
  readonly seconds: number;
  /** Where the certificate was written, relative to the job's folder, when one was. */
  readonly certificate?: string | undefined;
}

export interface MigrationResult {
  readonly job: string;
  /** `nothing-to-do`: this very job was complete already. */
  readonly outcome: "complete" | "nothing-to-do";
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly bytesRead: number;
  readonly filteredRows: number;
  /** Cells left out because the target's time to live makes them expire before the run is over; absent: none. */
  readonly expiredCells?: number | undefined;
  readonly rejects: number;
  readonly seconds: number;
  /** True when an earlier run's checkpoints were used. */
  readonly resumed: boolean;
  /** Rows that this run wrote although an earlier run had written them, an upper bound (the in-flight window). */
  readonly rewrittenAtMost: number;
  readonly mappingHash: string;
  readonly verification?: VerificationResult | undefined;
}
