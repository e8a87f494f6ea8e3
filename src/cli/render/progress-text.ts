import type { Phase, Progress } from "../../job/progress.ts";
import { count, counted, duration } from "./amounts.ts";

/** What a phase does, for people. */
export const phaseText: Readonly<Record<Phase, string>> = {
  plan: "planning",
  prepare: "preparing the target",
  copy: "copying",
  verify: "verifying",
  settle: "settling",
  certificate: "signing the certificate",
  done: "done",
};

/** Done so far, from 0 to 1; undefined while the whole is unknown. An estimate can be too low: never shown as done before it is. */
export function shareDone(progress: Progress): number | undefined {
  if (progress.phase === "done") return 1;
  if (progress.estimatedRows === undefined || progress.estimatedRows === 0) return undefined;
  return Math.min(0.99, progress.rowsRead / progress.estimatedRows);
}

/** Percent, rows, speed, time to come and rejects, in that order; parts that say nothing are left out. */
export function progressParts(progress: Progress): string[] {
  const share = shareDone(progress);
  const whole = progress.estimatedRows === undefined || progress.phase === "done" ? "" : ` of ~${count(progress.estimatedRows)}`;
  const moving = progress.phase === "copy" || progress.phase === "verify";
  return [
    share === undefined || !moving ? "" : `${Math.floor(share * 100)} %`,
    progress.rowsRead === 0 ? "" : `${count(progress.rowsRead)}${whole} rows`,
    moving && progress.rowsPerSecond > 0 ? `${count(progress.rowsPerSecond)} rows/s` : "",
    moving && progress.etaSeconds !== undefined ? `ETA ${duration(progress.etaSeconds)}` : "",
    progress.rejects === 0 ? "" : counted(progress.rejects, "reject"),
  ].filter((part) => part !== "");
}

/** One line, complete in itself, for logs. */
export function progressLine(progress: Progress): string {
  const parts = progressParts(progress);
  return `${progress.job}: ${phaseText[progress.phase]}${parts.length === 0 ? "" : `, ${parts.join(", ")}`}`;
}
