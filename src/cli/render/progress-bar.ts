import { SingleBar } from "cli-progress";
import type { Progress } from "../../job/progress.ts";
import { shorten } from "./plain-text.ts";
import { phaseText, progressParts, shareDone } from "./progress-text.ts";
import type { ProgressView } from "./progress-view.ts";

export interface BarOptions {
  readonly stream: NodeJS.WritableStream;
  /** Asked anew for every frame, because windows are resized. */
  readonly width: () => number;
}

/** For people at a terminal: one line that redraws itself. */
export function progressBar({ stream, width }: BarOptions): ProgressView {
  let latest: Progress | undefined;
  const bar = new SingleBar({
    stream,
    format: () => (latest === undefined ? "" : barLine(latest, width())),
    fps: 5,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: true,
    // Notes scroll the screen, so an unchanged line must be drawn again; and interrupts are ours to handle.
    forceRedraw: true,
    gracefulExit: false,
  });
  let started = false;
  return {
    show: (progress) => {
      latest = progress;
      if (!started) bar.start(1, 0);
      started = true;
      bar.update(0);
    },
    note: (line) => void stream.write(`${started ? "\r\u001b[K" : ""}${line}\n`),
    end: () => {
      if (started) bar.stop();
    },
  };
}

/** Phase, bar, figures, without colours: the drawing counts every character. The bar takes what the figures leave, and gives way when that is too little. */
export function barLine(progress: Progress, width: number): string {
  const head = `${progress.job}: ${phaseText[progress.phase]}`;
  const tail = progressParts(progress).join("  ");
  const share = shareDone(progress);
  const room = Math.min(30, width - head.length - tail.length - 5);
  if (share === undefined || room < 6) return shorten(`${head}  ${tail}`, width - 1);
  const full = Math.round(share * room);
  return `${head}  ${"█".repeat(full)}${"░".repeat(room - full)}  ${tail}`;
}
