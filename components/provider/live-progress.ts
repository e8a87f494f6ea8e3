import type { Clock, Progress } from "../../src/index.ts";
import type { Subject } from "./handlers.ts";

const FIRST_MS = 1_000;
const SLOWEST_MS = 30_000;

/** Shows a run on its resource's row while it goes on. */
export interface LiveProgress {
  report(progress: Progress): void;
  /** A line of one's own in the place of progress, shown at the same pace. */
  show(text: string): void;
  stop(): void;
}

/**
 * Shows the latest progress each second on a terminal. Where every message becomes a line of a log, the pauses double up to 30 s.
 * Nothing is shown while nothing has changed.
 */
export function liveProgress(subject: Subject, clock: Clock): LiveProgress {
  let latest: string | undefined;
  let shown: string | undefined;
  let pause = FIRST_MS;
  let cancel = (): void => undefined;
  const tick = () => {
    if (latest !== undefined && latest !== shown) {
      shown = latest;
      void subject.engine.show(subject.urn, latest);
      if (!subject.engine.terminal) pause = Math.min(pause * 2, SLOWEST_MS);
    }
    cancel = clock.after(pause, tick);
  };
  cancel = clock.after(pause, tick);
  return {
    report: (progress) => (latest = progressLine(progress)),
    show: (text) => (latest = text),
    stop: () => cancel(),
  };
}

/** `copying 12,345 of about 42,049 rows (29 %), 35,000 rows/s, about 1 s left` */
export function progressLine(progress: Progress): string {
  const { phase, rowsRead, rowsWritten, estimatedRows, rowsPerSecond, etaSeconds, rejects } = progress;
  const rows = phase === "copy" ? rowsWritten : rowsRead;
  const known = estimatedRows !== undefined && estimatedRows > 0;
  const share = known
    ? ` of about ${count(estimatedRows)} rows (${String(Math.min(100, Math.floor((100 * rows) / estimatedRows)))} %)`
    : " rows";
  const moving = phase === "copy" || phase === "verify";
  const parts = [moving ? `${phaseWords[phase]} ${count(rows)}${share}` : phaseWords[phase]];
  if (moving && rowsPerSecond > 0) parts.push(`${count(rowsPerSecond)} rows/s`);
  if (moving && etaSeconds !== undefined) parts.push(`about ${duration(etaSeconds)} left`);
  if (rejects > 0) parts.push(`${count(rejects)} rejected`);
  return parts.join(", ");
}

const phaseWords: Readonly<Record<Progress["phase"], string>> = {
  plan: "planning",
  prepare: "preparing the target",
  copy: "copied",
  verify: "verified",
  settle: "settling what still changes",
  certificate: "signing the certificate",
  done: "done",
};

export function count(rows: number): string {
  return Math.round(rows).toLocaleString("en-US");
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${String(Math.max(1, Math.round(seconds)))} s`;
  if (seconds < 3600) return `${String(Math.round(seconds / 60))} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export function byteText(amount: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = amount < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(amount) / 3));
  const value = amount / 1000 ** step;
  return `${step === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[step]!}`;
}
