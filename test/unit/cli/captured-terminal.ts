import { createColors } from "picocolors";
import type { Clock } from "../../../src/base/clock.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import type { ExitCode } from "../../../src/cli/exit-code.ts";
import type { Surroundings } from "../../../src/cli/invocation.ts";
import { exitOf } from "../../../src/cli/run-command-line.ts";

/** One command line run inside the test: what it printed, and how it ended. */
export interface Captured {
  readonly exit: ExitCode;
  readonly out: string;
  readonly err: string;
}

export interface CaptureOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly folder?: string;
  /** What the user answers to a question; undefined: nobody is there. */
  readonly answer?: string;
  /** A virtual one unless told otherwise; whoever asks a server needs the time of day. */
  readonly clock?: Clock;
  /** Lines of standard input. */
  readonly input?: readonly string[];
}

export async function capture(argv: readonly string[], options: CaptureOptions = {}): Promise<Captured> {
  const said = { out: "", err: "" };
  const surroundings: Surroundings = {
    terminal: {
      outIsScreen: false,
      errIsScreen: false,
      width: 100,
      paint: createColors(false),
      errPaint: createColors(false),
      out: async (text) => void (said.out += text),
      err: (text) => void (said.err += text),
      errStream: process.stderr,
      canAsk: options.answer !== undefined,
      ask: async () => options.answer,
      lines: async function* () {
        yield* options.input ?? [];
      },
    },
    env: options.env ?? {},
    folder: options.folder ?? import.meta.dirname,
    clock: options.clock ?? new VirtualClock(),
    onInterrupt: () => () => {},
    exit: () => {},
  };
  const exit = await exitOf(argv, surroundings);
  return { exit, ...said };
}
