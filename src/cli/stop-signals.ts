import { TableferryError } from "../base/error.ts";
import { exitCodes } from "./exit-code.ts";
import type { Invocation } from "./invocation.ts";

export interface Stopping {
  /** Aborted by the first interrupt, with a TF_ABORTED as its reason. */
  readonly signal: AbortSignal;
  /** Stops listening. */
  end(): void;
}

/**
 * The first Ctrl-C (or SIGTERM) asks for a stop at the next checkpoint and says so; the second one ends the process at
 * once, which loses nothing either: the next run goes on from the last checkpoint.
 * @param tidyUp called before the process ends at once: a hidden cursor must come back
 */
export function stopOnInterrupt({ surroundings, json }: Invocation, firstMessage: string, tidyUp: () => void = () => {}): Stopping {
  const { terminal } = surroundings;
  const controller = new AbortController();
  const end = surroundings.onInterrupt((name) => {
    if (controller.signal.aborted) {
      tidyUp();
      return surroundings.exit(exitCodes.interrupted);
    }
    // Over a progress bar, which draws itself again below.
    const overBar = terminal.errIsScreen ? "\r\u001b[K" : "";
    terminal.err(json ? `${JSON.stringify({ type: "note", text: firstMessage })}\n` : `${overBar}${firstMessage}\n`);
    controller.abort(new TableferryError("TF_ABORTED", { message: `stopped by ${name}` }));
  });
  return { signal: controller.signal, end };
}
