import type { Progress } from "../../job/progress.ts";

/** Shows a running job. */
export interface ProgressView {
  show(progress: Progress): void;
  /** A line for people between the progress. */
  note(line: string): void;
  /** Leaves the screen tidy; nothing is shown afterwards. */
  end(): void;
}
