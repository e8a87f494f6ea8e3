import { jobStatus } from "../../run/job-status.ts";
import { exitCodes } from "../exit-code.ts";
import type { JobSpec } from "../../job/job-spec.ts";
import type { SyncSpec } from "../../job/sync-spec.ts";
import type { Reject } from "../../pipeline/rejects.ts";
import { parkedOfSync } from "../../run/parked-job.ts";
import type { Parked } from "../../sync/apply/parked.ts";
import type { Command, Invocation } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadAnyJob, type LoadedJob } from "../load-job.ts";
import { counted } from "../render/amounts.ts";
import { grid } from "../render/grid.ts";
import { plainText } from "../render/plain-text.ts";

/** Shown to people without --limit. */
const screenful = 20;

/** Rows put aside by a migration, or keys that a sync has parked. */
export async function rejectsOf(invocation: Invocation, job: LoadedJob<JobSpec | SyncSpec>, limit: number): Promise<FoundRejects> {
  const { spec } = job;
  if (spec.kind === "sync") {
    const { count, parked, keptIn } = await lookWithJob(invocation, job, (_job, context) => parkedOfSync(spec, context, limit));
    return { rejects: parked, all: count, rejectsKeptIn: keptIn };
  }
  const { rejects, totals, rejectsKeptIn } = await lookWithJob(invocation, job, (_job, context) => jobStatus(spec, context, limit));
  return { rejects, all: totals?.rejects ?? 0, rejectsKeptIn };
}

interface FoundRejects {
  readonly rejects: readonly (Reject | Parked)[];
  readonly all: number;
  readonly rejectsKeptIn: string | undefined;
}

export const rejectsList: Command = {
  run: async (invocation) => {
    const job = await loadAnyJob(invocation, invocation.arg(0));
    const limit = invocation.number("limit") ?? (invocation.json ? Number.MAX_SAFE_INTEGER : screenful);
    const { rejects, all, rejectsKeptIn } = await rejectsOf(invocation, job, limit);
    await invocation.reply({ job: job.spec.name, count: all, keptIn: rejectsKeptIn ?? null, rejects }, () => {
      if (all === 0) return [`${job.spec.name} has no rejects.`];
      const rows = rejects.map(({ place, cause, column, text }, i) => [
        String(i + 1),
        plainText(place),
        cause,
        plainText(column ?? ""),
        plainText(text),
      ]);
      const more = all > rejects.length ? [`… of ${counted(all, "reject")} in all; --limit shows more`] : [];
      return [
        ...grid(["#", "place", "cause", "column", "why"], rows, invocation.terminal),
        ...more,
        "",
        "Next:",
        `  ${invocation.self} rejects show ${job.file} 1`,
        ...(job.spec.kind === "sync" ? [`  ${invocation.self} rejects replay ${job.file}`] : []),
      ];
    });
    return exitCodes.ok;
  },
};
