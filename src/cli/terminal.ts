import { createInterface } from "node:readline/promises";
import { createColors } from "picocolors";

export type Paint = ReturnType<typeof createColors>;

/** The user's side of a command: two streams, colours where they help, and a question. Tests have one of their own. */
export interface Terminal {
  /** Whether somebody looks at standard output, standard error; otherwise it is a file or a pipe. */
  readonly outIsScreen: boolean;
  readonly errIsScreen: boolean;
  /** Columns to keep within; 100 where nobody looks. */
  readonly width: number;
  /** Colours for standard output; all of them plain text when it is no screen or NO_COLOR is set. */
  readonly paint: Paint;
  /** Standard error's colours. */
  readonly errPaint: Paint;
  /** Writes to standard output; resolves when more may come, so that a slow reader holds the writer back. */
  out(text: string): Promise<void>;
  err(text: string): void;
  /** Standard error itself, for what redraws its own line. */
  readonly errStream: NodeJS.WriteStream;
  /** Whether somebody sits at standard input. */
  readonly canAsk: boolean;
  /** Asks and waits for a line; undefined when nobody can answer. */
  ask(question: string): Promise<string | undefined>;
  /** Lines of standard input. */
  lines(): AsyncIterable<string>;
}

/** Nothing wider than this even on wide screens: long lines are hard to read. */
const widthMax = 100;

type Streams = Pick<NodeJS.Process, "stdin" | "stdout" | "stderr" | "env">;

export function processTerminal(streams: Streams, colour: boolean | undefined): Terminal {
  const { stdin, stdout, stderr, env } = streams;
  const coloured = (isScreen: boolean) => createColors(colour ?? (isScreen && !env["NO_COLOR"] && env["TERM"] !== "dumb"));
  return {
    outIsScreen: stdout.isTTY === true,
    errIsScreen: stderr.isTTY === true,
    width: Math.max(40, Math.min(widthMax, stdout.isTTY === true ? stdout.columns : widthMax)),
    paint: coloured(stdout.isTTY === true),
    errPaint: coloured(stderr.isTTY === true),
    out: (text) =>
      new Promise((resolve) => {
        if (stdout.write(text)) resolve();
        else stdout.once("drain", resolve);
      }),
    err: (text) => void stderr.write(text),
    errStream: stderr,
    lines: () => createInterface({ input: stdin, crlfDelay: Infinity }),
    canAsk: stdin.isTTY === true,
    ask: async (question) => {
      if (stdin.isTTY !== true) return undefined;
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
  };
}
