import { syncAudit } from "../../run/sync-job.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadSync } from "../load-job.ts";
import { grid } from "../render/grid.ts";
import { plainText } from "../render/plain-text.ts";

export const syncAuditList: Command = {
  run: async (invocation) => {
    const job = await loadSync(invocation, invocation.arg(0));
    const entries = await lookWithJob(invocation, job, ({ spec }, context) => syncAudit(spec, context));
    await invocation.reply(entries, () => {
      if (entries.length === 0) return [`Nobody has told ${job.spec.name} anything yet.`];
      const rows = entries.map(({ at, who, what, detail }) => [new Date(at).toISOString(), plainText(who), what, plainText(detail)]);
      return grid(["when", "who", "what", "detail"], rows, invocation.terminal);
    });
    return exitCodes.ok;
  },
};
