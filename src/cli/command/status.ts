import { toError } from "../../base/error.ts";
import { jobStatus, type JobStatus } from "../../run/job-status.ts";
import { syncJobStatus, type SyncJobStatus } from "../../run/sync-job.ts";
import { exitCodeOf, exitCodes, type ExitCode } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { jobFilesHere, loadAnyJob, loadJob } from "../load-job.ts";
import { count } from "../render/amounts.ts";
import { errorReport } from "../render/error-screen.ts";
import { grid } from "../render/grid.ts";
import { plainText } from "../render/plain-text.ts";
import { statusLines, statusRow } from "../render/status.ts";
import { syncStatus } from "./sync-status.ts";

export const status: Command = {
  run: async (invocation) => {
    const file = invocation.args[0];
    if (file === undefined) return await statusOfAll(invocation);
    const any = await loadAnyJob(invocation, file);
    // Of a job that goes on there is more to say, and a command of its own to say it.
    if (any.spec.kind === "sync") return await syncStatus.run(invocation);
    const job = await loadJob(invocation, file);
    const found = await lookWithJob(invocation, job, ({ spec }, context) => jobStatus(spec, context));
    await invocation.reply(found, () =>
      statusLines(found, { ...invocation.terminal, self: invocation.self, file: job.file, now: invocation.surroundings.clock.now() }),
    );
    return exitCodes.ok;
  },
};

type Looked = { readonly file: string } & ({ readonly status: JobStatus } | { readonly sync: SyncJobStatus } | { readonly error: unknown });

/** One job that cannot be looked at does not hide the others; it decides the exit code. */
async function statusOfAll(invocation: Invocation): Promise<ExitCode> {
  const files = await jobFilesHere(invocation.surroundings.folder);
  const looked: Looked[] = [];
  for (const file of files) looked.push(await look(invocation, file));
  await invocation.reply(
    looked.map((one) =>
      "error" in one ? { file: one.file, error: errorReport(one.error) } : { file: one.file, ...("sync" in one ? one.sync : one.status) },
    ),
    () => {
      if (files.length === 0) return ["There are no job files in this folder; docs/job-file.md shows how to write one."];
      const rows = looked.map((one) => [
        plainText(one.file),
        ...("error" in one
          ? ["?", toError(one.error).message.split("\n")[0]!.slice(0, 60)]
          : "sync" in one
            ? [one.sync.job, one.sync.phase, count(one.sync.counts.changes), count(one.sync.parked), ""]
            : statusRow(one.status)),
      ]);
      return grid(["file", "job", "state", "rows", "rejects", "proof"], rows, invocation.terminal);
    },
  );
  const failed = looked.find((one) => "error" in one);
  return failed === undefined ? exitCodes.ok : exitCodeOf(failed.error);
}

async function look(invocation: Invocation, file: string): Promise<Looked> {
  try {
    const any = await loadAnyJob(invocation, file);
    const { spec: sync } = any;
    if (sync.kind === "sync") return { file, sync: await lookWithJob(invocation, any, (_job, context) => syncJobStatus(sync, context)) };
    const job = await loadJob(invocation, file);
    return { file, status: await lookWithJob(invocation, job, ({ spec }, context) => jobStatus(spec, context, 0)) };
  } catch (error) {
    return { file, error };
  }
}
