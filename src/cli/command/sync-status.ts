import { syncJobStatus } from "../../run/sync-job.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadSync } from "../load-job.ts";
import { syncStatusLine, syncStatusLines } from "../render/sync-status.ts";

/** Milliseconds between two looks. */
const watchMs = 1000;

export const syncStatus: Command = {
  run: async (invocation) => {
    const job = await loadSync(invocation, invocation.arg(0));
    const { terminal, self, surroundings } = invocation;
    const { clock } = surroundings;
    const lines = (status: Awaited<ReturnType<typeof syncJobStatus>>) =>
      syncStatusLines(status, { ...terminal, self, file: job.file, now: clock.now() });
    await lookWithJob(invocation, job, async ({ spec }, context) => {
      const first = await syncJobStatus(spec, context);
      if (!invocation.flag("watch")) return await invocation.reply(first, () => lines(first));
      let drawn = 0;
      for (let status = first; ; status = await syncJobStatus(spec, context)) {
        if (invocation.json) await terminal.out(`${JSON.stringify(status)}\n`);
        else if (!terminal.outIsScreen) await terminal.out(`${new Date(clock.now()).toISOString()} ${syncStatusLine(status)}\n`);
        else {
          const text = lines(status);
          await terminal.out(`${drawn === 0 ? "" : `\u001b[${drawn}A\u001b[J`}${text.join("\n")}\n`);
          drawn = text.length;
        }
        await clock.sleep(watchMs, context.signal).catch(() => undefined);
        if (context.signal.aborted) return;
      }
    });
    return exitCodes.ok;
  },
};
