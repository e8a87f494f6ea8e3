import { stat, rm } from "node:fs/promises";
import type { Clock } from "../../src/index.ts";
import { stopRequestFile } from "../stop-request.ts";
import type { Subject } from "./handlers.ts";

const POLL_MS = 200;

export type StopCause = "asked" | "time is up" | "engine gone" | "provider told to leave";

export interface StopRules {
  readonly timeoutSeconds?: number | undefined;
  readonly clock: Clock;
  /** Milliseconds since 1970; stop requests written before are of an earlier deployment. */
  readonly since: number;
}

/** A run that can be asked to stop. */
export interface Stopping {
  readonly signal: AbortSignal;
  /** Why it was asked to stop, if it was. */
  cause(): StopCause | undefined;
}

/** How many runs are under way in this process: it may leave only when there is none. */
const underWay = new Set<AbortController>();

/**
 * Runs a job with everything that can ask it to stop: the stop request file (which the program writes at Ctrl-C), a deadline, and the
 * loss of the engine. The run itself decides when it has stopped; then the request is taken away.
 */
export async function stoppable<Result>(subject: Subject, rules: StopRules, run: (stopping: Stopping) => Promise<Result>): Promise<Result> {
  const abort = new AbortController();
  const done = new AbortController();
  let cause: StopCause | undefined;
  const stop = (why: StopCause) => {
    cause ??= why;
    abort.abort();
  };
  const engineGone = () => stop("engine gone");
  const leave = () => stop("provider told to leave");
  if (subject.engine.gone.aborted) engineGone();
  subject.engine.gone.addEventListener("abort", engineGone);
  process.on("SIGINT", leave).on("SIGTERM", leave);
  const cancelDeadline =
    rules.timeoutSeconds === undefined ? undefined : rules.clock.after(rules.timeoutSeconds * 1000, () => stop("time is up"));
  const watching = watchRequest(stopRequestFile(subject.folder, subject.urn), rules, done.signal, () => stop("asked"));
  underWay.add(abort);
  try {
    return await run({ signal: abort.signal, cause: () => cause });
  } finally {
    underWay.delete(abort);
    done.abort();
    await watching;
    cancelDeadline?.();
    process.off("SIGINT", leave).off("SIGTERM", leave);
    subject.engine.gone.removeEventListener("abort", engineGone);
    if (cause === "engine gone" || cause === "provider told to leave") leaveWhenIdle(subject, rules.clock);
  }
}

/** The engine that wanted results is gone; a provider that stayed would wait for ever. */
function leaveWhenIdle(subject: Subject, clock: Clock): void {
  // A moment for the answer of the call that has just ended, in case somebody still listens.
  if (underWay.size === 0) clock.after(100, subject.leave);
}

async function watchRequest(file: string, { clock, since }: StopRules, done: AbortSignal, onRequest: () => void): Promise<void> {
  const fresh = async () => {
    const found = await stat(file).catch(() => undefined);
    return found !== undefined && found.mtimeMs >= since;
  };
  try {
    for (let asked = false; ; await clock.sleep(POLL_MS, done)) {
      if (asked || !(await fresh())) continue;
      asked = true;
      onRequest();
    }
  } catch {
    // The run has ended.
  }
  await rm(file, { force: true });
}
