import type { Clock } from "../../base/clock.ts";
import type { Progress } from "../../job/progress.ts";
import { progressLine } from "./progress-text.ts";
import type { ProgressView } from "./progress-view.ts";

const firstPauseMs = 2000;
const longestPauseMs = 30_000;

/** For logs and pipes: a line when a phase begins, then one after 2 s, 4 s, 8 s … up to every 30 s. */
export function progressLines(write: (line: string) => void, clock: Clock): ProgressView {
  let phase: string | undefined;
  let pause = firstPauseMs;
  let due = 0;
  return {
    show: (progress: Progress) => {
      const now = clock.monotonic();
      if (progress.phase === "done") return;
      if (progress.phase !== phase) {
        phase = progress.phase;
        pause = firstPauseMs;
      } else if (now < due) {
        return;
      } else {
        pause = Math.min(pause * 2, longestPauseMs);
      }
      due = now + pause;
      write(progressLine(progress));
    },
    note: write,
    end: () => {},
  };
}
