import type { JobContext, SyncSpec } from "../../src/index.ts";
import { flag } from "./fields.ts";
import type { Properties, Subject } from "./handlers.ts";
import { secondsOf } from "./job-run.ts";
import { library } from "./library.ts";
import { DRAIN_SECONDS, drainSync, stateEndpoint, type DrainEnd } from "./sync-drain.ts";

export interface Retiring {
  readonly spec: SyncSpec;
  readonly inputs: Properties;
  readonly context: JobContext;
  readonly subject: Subject;
}

/**
 * The end of a move: what the writers have written is applied on the other side, the workers end, and only then both sides take writes again. May be
 * repeated.
 * @throws TF_STOPPED, TF_SYNC_NO_WORKER while something is left to be applied
 */
export async function retire({ spec, inputs, context, subject }: Retiring): Promise<void> {
  const { openBothSides, syncJobStatus, TableferryError } = await library();
  const { workers, control } = await syncJobStatus(spec, context);
  const alive = workers.some(({ condition }) => condition === "alive");
  // None alive after an order to drain: an `up` before this one came so far.
  if (!alive && !control.draining) {
    throw new TableferryError("TF_SYNC_NO_WORKER", {
      message: "no worker is alive that could apply what is left",
      place: spec.name,
      wayOut: 'Go back to phase: "reverse" and run `pulumi up`, which starts them; then retire it.',
    });
  }
  if (alive) {
    const withinSeconds = secondsOf(inputs, "timeoutSeconds") ?? DRAIN_SECONDS;
    const end = await drainSync({ spec, context, subject, withinSeconds, why: "its resource is retired" });
    if (end !== "drained") {
      const message = `the sync is not drained: ${endWords(end, spec, withinSeconds)}`;
      throw new TableferryError("TF_STOPPED", { message, place: spec.name, wayOut: "Put that in order and run `pulumi up` again." });
    }
  }
  if (!flag(inputs, "keepClosed")) await openBothSides(spec, context);
}

function endWords(end: Exclude<DrainEnd, "drained">, spec: SyncSpec, withinSeconds: number): string {
  if (end === "unreachable") return `${stateEndpoint(spec)} does not answer`;
  if (end === "late") return `it took more than ${String(withinSeconds)} s`;
  return end === "paused" ? "it is paused" : "it has not begun to stream";
}
