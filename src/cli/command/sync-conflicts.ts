import { syncConflicts } from "../../run/sync-job.ts";
import type { ListedContender } from "../../sync/two-way/conflict-list.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadSync } from "../load-job.ts";
import { grid } from "../render/grid.ts";
import { plainText } from "../render/plain-text.ts";

export const syncConflictsList: Command = {
  run: async (invocation) => {
    const job = await loadSync(invocation, invocation.arg(0));
    const conflicts = await lookWithJob(invocation, job, ({ spec }, context) => syncConflicts(spec, context));
    await invocation.reply(conflicts, () => {
      if (conflicts.length === 0) return [`No conflict of ${job.spec.name} is known.`];
      const rows = conflicts.map(({ key, column, earlier, later, policy, winner }) => [
        plainText(key),
        plainText(column),
        sideText(earlier),
        sideText(later),
        policy,
        winner,
      ]);
      return grid(["key", "column", "earlier", "later", "policy", "holds"], rows, invocation.terminal);
    });
    return exitCodes.ok;
  },
};

function sideText({ site, time, value }: ListedContender): string {
  return `${site} ${new Date(time).toISOString()} ${plainText(value)}`;
}
