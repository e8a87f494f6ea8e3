import { jobStatus } from "../../run/job-status.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadJob } from "../load-job.ts";
import { counted } from "../render/amounts.ts";
import { grid } from "../render/grid.ts";
import { plainText } from "../render/plain-text.ts";

/** Shown to people without --limit. */
const screenful = 20;

export const rejectsList: Command = {
  run: async (invocation) => {
    const job = await loadJob(invocation, invocation.arg(0));
    const limit = invocation.number("limit") ?? (invocation.json ? Number.MAX_SAFE_INTEGER : screenful);
    const { rejects, totals, rejectsKeptIn } = await lookWithJob(invocation, job, ({ spec }, context) => jobStatus(spec, context, limit));
    const all = totals?.rejects ?? 0;
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
      ];
    });
    return exitCodes.ok;
  },
};
