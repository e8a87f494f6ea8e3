/** What a running job tells, at most a few times a second; numbers only grow within a phase. */
export type Phase = "plan" | "prepare" | "copy" | "verify" | "settle" | "certificate" | "done";

export interface Progress {
  readonly job: string;
  readonly phase: Phase;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly bytesRead: number;
  readonly rejects: number;
  readonly splitsDone: number;
  readonly splits: number;
  readonly estimatedRows: number | undefined;
  /** Rows a second over the last few seconds. */
  readonly rowsPerSecond: number;
  readonly etaSeconds: number | undefined;
  /** Monotonic seconds since the run began. */
  readonly seconds: number;
}

export type OnProgress = (progress: Progress) => void;
