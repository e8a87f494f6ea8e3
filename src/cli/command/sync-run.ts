import { runSync } from "../../run/run-sync.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { viewFor, withContext } from "../job-run.ts";
import { loadSync } from "../load-job.ts";
import { plainText } from "../render/plain-text.ts";
import { syncStatusLine } from "../render/sync-status.ts";

/** Milliseconds between two lines of a worker's log. */
const lineMs = 10_000;

export const syncRun: Command = {
  run: async (invocation) => {
    const job = await loadSync(invocation, invocation.arg(0));
    const { clock } = invocation.surroundings;
    const message = "Ending: what is under way is finished and checkpointed, then the channels are given back. Ctrl-C again ends at once.";
    const view = await viewFor(invocation);
    let shownAt = -Infinity;
    let shownPhase = "";
    const end = await withContext(invocation, job, { view, message }, ({ spec }, context) =>
      runSync(spec, {
        ...context,
        metricsPort: invocation.number("metrics"),
        onStatus: (status) => {
          if (status.phase === shownPhase && clock.monotonic() - shownAt < lineMs) return;
          shownAt = clock.monotonic();
          shownPhase = status.phase;
          if (invocation.json) void invocation.terminal.out(`${JSON.stringify({ type: "status", ...status })}\n`);
          else if (!invocation.quiet) invocation.terminal.err(`${plainText(syncStatusLine(status))}\n`);
        },
      }),
    );
    await invocation.reply({ type: "result", ...end }, () => [`${end.job}: this worker has ended (${end.outcome}).`]);
    return exitCodes.ok;
  },
};
