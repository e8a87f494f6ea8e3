import type { Clock } from "../base/clock.ts";
import type { OnProgress, Phase } from "../job/progress.ts";

/** What a phase has done so far; each number only grows. */
export interface Counters {
  rowsRead: number;
  rowsWritten: number;
  bytesRead: number;
  rejects: number;
  splitsDone: number;
}

/** Milliseconds between reports, and over which the rate is taken. */
const reportEveryMs = 250;
const rateOverMs = 5000;

/**
 * Tells how a run goes, four times a second while something changes. The rate is of the last five seconds; what an earlier run had done
 * counts as progress, not as speed.
 */
export class ProgressMeter {
  readonly counters: Counters = { rowsRead: 0, rowsWritten: 0, bytesRead: 0, rejects: 0, splitsDone: 0 };
  splits = 0;
  estimatedRows: number | undefined;
  readonly #job: string;
  readonly #clock: Clock;
  readonly #report: OnProgress;
  readonly #began: number;
  #phase: Phase = "plan";
  #samples: { readonly at: number; readonly rows: number }[] = [];
  #told = "";
  #cancel: () => void = () => undefined;

  constructor(job: string, clock: Clock, report: OnProgress) {
    this.#job = job;
    this.#clock = clock;
    this.#report = report;
    this.#began = clock.monotonic();
  }

  /** Seconds since the run began. */
  get seconds(): number {
    return (this.#clock.monotonic() - this.#began) / 1000;
  }

  /** Enters a phase and tells so at once. */
  enter(phase: Phase): void {
    this.#phase = phase;
    this.#samples = [{ at: this.#clock.monotonic(), rows: this.counters.rowsRead }];
    this.#cancel();
    this.#tell();
    this.#schedule();
  }

  /** Takes over what checkpoints say, without taking it for speed. */
  resume(counters: Counters): void {
    Object.assign(this.counters, counters);
    this.#samples = [{ at: this.#clock.monotonic(), rows: counters.rowsRead }];
  }

  stop(): void {
    this.#cancel();
    this.#cancel = () => undefined;
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(reportEveryMs, () => {
      this.#tell();
      this.#schedule();
    });
  }

  #tell(): void {
    const rowsPerSecond = this.#rate();
    const { rowsRead } = this.counters;
    const left = this.estimatedRows === undefined ? undefined : Math.max(0, this.estimatedRows - rowsRead);
    const etaSeconds = left === undefined || rowsPerSecond <= 0 || this.#phase !== "copy" ? undefined : left / rowsPerSecond;
    const told = JSON.stringify([this.#phase, this.counters, rowsPerSecond]);
    if (told === this.#told) return;
    this.#told = told;
    this.#report({
      job: this.#job,
      phase: this.#phase,
      ...this.counters,
      splits: this.splits,
      estimatedRows: this.estimatedRows,
      rowsPerSecond,
      etaSeconds,
      seconds: this.seconds,
    });
  }

  #rate(): number {
    const now = this.#clock.monotonic();
    const { rowsRead } = this.counters;
    this.#samples.push({ at: now, rows: rowsRead });
    while (this.#samples.length > 2 && this.#samples[1]!.at < now - rateOverMs) this.#samples.shift();
    const first = this.#samples[0]!;
    return now > first.at ? ((rowsRead - first.rows) * 1000) / (now - first.at) : 0;
  }
}
