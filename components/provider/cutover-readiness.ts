import type { CutOverCheck, JobContext, SyncSpec } from "../../src/index.ts";
import type { Subject } from "./handlers.ts";
import { library } from "./library.ts";
import { liveProgress } from "./live-progress.ts";

const POLL_MS = 1000;

export interface Wait {
  readonly spec: SyncSpec;
  /** Its signal ends the wait. */
  readonly context: JobContext;
  readonly subject: Subject;
  readonly waitSeconds: number;
}

/** Looks at what a cut-over asks for until all of it is in order, something is not that never comes by itself, or the time is up. Changes nothing. */
export async function untilReady({ spec, context, subject, waitSeconds }: Wait): Promise<CutOverCheck> {
  const { checkCutOver } = await library();
  const { clock, signal } = context;
  const live = liveProgress(subject, clock);
  try {
    for (const end = clock.monotonic() + waitSeconds * 1000; ; await clock.sleep(POLL_MS, signal)) {
      const check = await checkCutOver(spec, context);
      const missing = check.items.filter(({ ready }) => !ready);
      if (missing.some(({ passes }) => !passes) || missing.length === 0 || clock.monotonic() >= end) return check;
      live.show(`waits until writers may be moved: ${missing.map(({ what, text }) => `${what}: ${text}`).join("; ")}`);
    }
  } finally {
    live.stop();
  }
}

/** One line a condition. */
export function readinessLines({ items }: CutOverCheck): readonly string[] {
  return items.map(({ what, ready, text }) => `${ready ? "✓" : "✗"} ${what}: ${text}`);
}

/** @throws TF_CUT_OVER_REFUSED with every condition and what was found */
export async function refuseUnready(check: CutOverCheck, to: "source" | "target"): Promise<void> {
  if (check.ready) return;
  const { TableferryError } = await library();
  throw new TableferryError("TF_CUT_OVER_REFUSED", {
    message: `writers cannot be moved to the ${to} now\n  ${readinessLines(check).join("\n  ")}`,
    place: check.job,
  });
}
