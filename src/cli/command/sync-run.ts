import { TableferryError } from "../../base/error.ts";
import { runSyncs } from "../../run/run-sync.ts";
import type { SyncJobStatus } from "../../run/sync-job.ts";
import { exitCodes } from "../exit-code.ts";
import { servePages, type PageListener } from "../../server/page-listener.ts";
import { isHealthy, metricsText } from "../../sync/worker-page.ts";
import type { WorkerRecord } from "../../sync/worker-record.ts";
import type { Command, Invocation } from "../invocation.ts";
import { viewFor, withContext } from "../job-run.ts";
import { loadSync, type LoadedJob } from "../load-job.ts";
import { plainText } from "../render/plain-text.ts";
import { syncStatusLine } from "../render/sync-status.ts";

/** Milliseconds between two lines of a worker's log. */
const lineMs = 10_000;

export const syncRun: Command = {
  run: async (invocation) => {
    const jobs = await Promise.all(invocation.args.map((given) => loadSync(invocation, given)));
    const job = jobs[0]!;
    refuseFolders(jobs);
    const { clock } = invocation.surroundings;
    const message = "Ending: what is under way is finished and checkpointed, then the channels are given back. Ctrl-C again ends at once.";
    const view = await viewFor(invocation);
    let shownAt = -Infinity;
    let shownPhase = "";
    const beats = new Map<string, WorkerRecord>();
    const page = await workerPages(invocation, beats);
    const specs = jobs.map(({ spec }) => spec);
    const onStatus = (status: SyncJobStatus) => {
      if (status.phase === shownPhase && clock.monotonic() - shownAt < lineMs) return;
      shownAt = clock.monotonic();
      shownPhase = status.phase;
      if (invocation.json) void invocation.terminal.out(`${JSON.stringify({ type: "status", ...status })}\n`);
      else invocation.terminal.err(`${plainText(syncStatusLine(status))}\n`);
    };
    const ends = await withContext(invocation, job, { view, message }, (_job, context) =>
      runSyncs(specs, {
        ...context,
        onBeat: (name, record) => void beats.set(name, record),
        // Reading the state for nobody would cost a request every other second.
        onStatus: invocation.quiet && !invocation.json ? undefined : onStatus,
      }),
    );
    await page?.close();
    await invocation.reply({ type: "result", ends }, () => ends.map((end) => `${end.job}: this worker has ended (${end.outcome}).`));
    return exitCodes.ok;
  },
};

/** Metrics and health are this machine's alone: their path answers without a signature. */
async function workerPages(invocation: Invocation, beats: ReadonlyMap<string, WorkerRecord>): Promise<PageListener | undefined> {
  const port = invocation.number("metrics");
  if (port === undefined) return undefined;
  const { clock } = invocation.surroundings;
  const page = await servePages(
    {
      "/metrics": () => ({
        status: 200,
        text: metricsText(
          [...beats].map(([name, record]) => ({ ...record, job: name })),
          clock.now(),
        ),
      }),
      "/health": () => (isHealthy([...beats.values()], clock.now()) ? { status: 200, text: "ok\n" } : { status: 503, text: "stuck\n" }),
    },
    { host: "127.0.0.1", port },
  );
  invocation.note(`Metrics at ${page.endpoint}/metrics, health at ${page.endpoint}/health.`);
  return page;
}

/** Paths in jobs resolve from their folder, and a worker has one. */
function refuseFolders(jobs: readonly LoadedJob<unknown>[]): void {
  const other = jobs.find(({ folder }) => folder !== jobs[0]!.folder);
  if (other === undefined) return;
  throw new TableferryError("TF_USAGE", {
    message: "job files of one worker lie in one folder",
    place: other.file,
    wayOut: "Start a worker for each folder, or move the files together.",
  });
}
