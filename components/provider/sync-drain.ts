import type { JobContext, SyncJobStatus, SyncSpec } from "../../src/index.ts";
import type { Subject } from "./handlers.ts";
import { library } from "./library.ts";
import { duration } from "./live-progress.ts";
import { reachable } from "./reachable.ts";

const POLL_MS = 500;
/** How long the workers may take to apply what was committed before the order to drain, unless `timeoutSeconds` says otherwise. */
export const DRAIN_SECONDS = 60;

export interface Drain {
  readonly spec: SyncSpec;
  readonly context: JobContext;
  readonly subject: Subject;
  readonly withinSeconds: number;
  /** For the audit. */
  readonly why: string;
  /** Beside what the workers tell: whether their processes have ended. */
  readonly ended?: (() => Promise<boolean>) | undefined;
}

/** `not streaming`: there is nothing to be applied yet. */
export type DrainEnd = "drained" | "late" | "paused" | "not streaming" | "unreachable";

/** Lets everything committed so far be applied, then all workers end, wherever they run. */
export async function drainSync({ spec, context, subject, withinSeconds, why, ended }: Drain): Promise<DrainEnd> {
  const { clock } = context;
  const { controlSync, syncJobStatus } = await library();
  if (!(await reachable(stateEndpoint(spec)))) return "unreachable";
  const { record, control } = await syncJobStatus(spec, context);
  if (record?.stage !== "streaming") return "not streaming";
  if (control.paused) return "paused";
  await controlSync(spec, context, { draining: true }, { what: "drain", detail: why });
  for (const end = clock.monotonic() + withinSeconds * 1000; clock.monotonic() < end; await clock.sleep(POLL_MS)) {
    const status = await syncJobStatus(spec, context);
    if (areEnded(status) && (await (ended?.() ?? true))) return "drained";
    await subject.engine.show(subject.urn, `drains${status.lagMs === null ? "" : `, ${duration(status.lagMs / 1000)} behind`}`);
  }
  return "late";
}

export function stateEndpoint({ state, target }: SyncSpec): string {
  return (state?.type === "table" ? state : target).endpoint;
}

function areEnded({ workers }: SyncJobStatus): boolean {
  return workers.every(({ condition }) => condition !== "alive");
}
