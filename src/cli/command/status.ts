import { toError } from "../../base/error.ts";
import { jobStatus, type JobStatus } from "../../run/job-status.ts";
import { exitCodeOf, exitCodes, type ExitCode } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { jobFilesHere, loadJob } from "../load-job.ts";
import { errorReport } from "../render/error-screen.ts";
import { grid } from "../render/grid.ts";
import { plainText } from "../render/plain-text.ts";
import { statusLines, statusRow } from "../render/status.ts";

export const status: Command = {
  run: async (invocation) => {
    const file = invocation.args[0];
    if (file === undefined) return await statusOfAll(invocation);
    const job = await loadJob(invocation, file);
    const found = await lookWithJob(invocation, job, ({ spec }, context) => jobStatus(spec, context));
    await invocation.reply(found, () =>
      statusLines(found, { ...invocation.terminal, self: invocation.self, file: job.file, now: invocation.surroundings.clock.now() }),
    );
    return exitCodes.ok;
  },
};

type Looked = { readonly file: string } & ({ readonly status: JobStatus } | { readonly error: unknown });

/** One job that cannot be looked at does not hide the others; it decides the exit code. */
async function statusOfAll(invocation: Invocation): Promise<ExitCode> {
  const files = await jobFilesHere(invocation.surroundings.folder);
  const looked: Looked[] = [];
  for (const file of files) looked.push(await look(invocation, file));
  await invocation.reply(
    looked.map((one) => ("status" in one ? { file: one.file, ...one.status } : { file: one.file, error: errorReport(one.error) })),
    () => {
      if (files.length === 0) return ["There are no job files in this folder; docs/job-file.md shows how to write one."];
      const rows = looked.map((one) => [
        plainText(one.file),
        ...("status" in one ? statusRow(one.status) : ["?", toError(one.error).message.split("\n")[0]!.slice(0, 60)]),
      ]);
      return grid(["file", "job", "state", "rows", "rejects", "proof"], rows, invocation.terminal);
    },
  );
  const failed = looked.find((one) => "error" in one);
  return failed === undefined ? exitCodes.ok : exitCodeOf(failed.error);
}

async function look(invocation: Invocation, file: string): Promise<Looked> {
  try {
    const job = await loadJob(invocation, file);
    return { file, status: await lookWithJob(invocation, job, ({ spec }, context) => jobStatus(spec, context, 0)) };
  } catch (error) {
    return { file, error };
  }
}
