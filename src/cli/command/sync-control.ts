import { controlSync, syncJobStatus } from "../../run/sync-job.ts";
import type { AuditEntry } from "../../sync/audit.ts";
import type { SyncControl } from "../../sync/sync-control.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadSync } from "../load-job.ts";
import { TableferryError } from "../../base/error.ts";

/** Tells the workers of a sync something that they do within a second or two, and keeps who said it. */
function telling(change: (invocation: Invocation) => Partial<SyncControl>, what: AuditEntry["what"], said: string): Command {
  return {
    run: async (invocation) => {
      const job = await loadSync(invocation, invocation.arg(0));
      const control = await lookWithJob(invocation, job, ({ spec }, context) =>
        controlSync(spec, context, change(invocation), { what, detail: invocation.text("reason") ?? "" }),
      );
      await invocation.reply({ job: job.spec.name, ...control }, () => [`${job.spec.name} ${said}`]);
      return exitCodes.ok;
    },
  };
}

export const syncPause = telling(
  () => ({ paused: true }),
  "pause",
  "is paused: its workers keep their channels and neither read nor write. Changes gather; `sync resume` goes on.",
);
export const syncResume = telling(() => ({ paused: false, draining: false }), "resume", "goes on.");

export const syncRetune = telling(
  (invocation) => ({
    rates: { rowsPerSecond: invocation.number("rowsPerSecond"), bytesPerSecond: invocation.number("bytesPerSecond") },
  }),
  "retune",
  "has new limits; its workers follow within a second or two.",
);

/** Milliseconds between two looks at the workers. */
const lookMs = 1000;

export const syncDrain: Command = {
  run: async (invocation) => {
    const job = await loadSync(invocation, invocation.arg(0));
    const { clock } = invocation.surroundings;
    await lookWithJob(invocation, job, async ({ spec }, context) => {
      await controlSync(spec, context, { draining: true, paused: false }, { what: "drain", detail: invocation.text("reason") ?? "" });
      for (;;) {
        const { workers, lagMs } = await syncJobStatus(spec, context);
        if (!workers.some(({ condition }) => condition === "alive")) {
          if (workers.some(({ condition }) => condition === "ended")) return;
          throw new TableferryError("TF_SYNC_NO_WORKER", {
            message: `no worker of ${spec.name} is alive to apply what is left`,
            place: spec.name,
          });
        }
        invocation.note(`${spec.name} drains, ${lagMs === null ? "lag not known yet" : `${Math.ceil(lagMs / 1000)} s behind`}`);
        await clock.sleep(lookMs, context.signal);
      }
    });
    await invocation.reply({ job: job.spec.name, drained: true }, () => [
      `${job.spec.name} is drained: everything committed before is applied, its workers have ended. \`sync resume\` lets new ones run.`,
    ]);
    return exitCodes.ok;
  },
};
