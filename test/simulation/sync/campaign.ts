import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { Coverage } from "./goals.ts";
import type { SeedFailure, SeedsReport } from "./seeds-report.ts";

export interface CampaignOptions {
  readonly from: number;
  readonly seeds: number;
  /** Processes that share the seeds. */
  readonly processes: number;
  readonly bug?: string | undefined;
  /** End at the first failure. */
  readonly stop?: boolean | undefined;
  readonly onFailure?: ((failure: SeedFailure) => void) | undefined;
}

export interface CampaignResult {
  readonly seeds: number;
  readonly failures: readonly SeedFailure[];
  readonly requests: number;
  readonly virtualMs: number;
  readonly milliseconds: number;
  readonly coverage: Coverage;
  readonly hashes: readonly string[];
}

/** Runs seeds in processes of their own. @throws where one does not come to its end */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { from, seeds, processes } = options;
  const began = performance.now();
  const shares = Array.from({ length: Math.min(processes, seeds) }, (_, i) => ({
    from: from + i,
    count: Math.ceil((seeds - i) / processes),
  }));
  const failures: SeedFailure[] = [];
  const found = new AbortController();
  const reports = await Promise.all(
    shares.map((share) =>
      runShare(
        share,
        shares.length,
        options,
        (failure) => {
          failures.push(failure);
          options.onFailure?.(failure);
          if (options.stop === true) found.abort();
        },
        found.signal,
      ),
    ),
  );
  const coverage = new Coverage();
  for (const report of reports) coverage.merge(report.coverage);
  const sum = (of: (report: SeedsReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  return {
    seeds: sum((report) => report.seeds),
    failures: failures.sort((a, b) => a.seed - b.seed),
    requests: sum((report) => report.requests),
    virtualMs: sum((report) => report.virtualMs),
    milliseconds: performance.now() - began,
    coverage,
    hashes: reports.flatMap((report) => report.hashes),
  };
}

const nothing: SeedsReport = { seeds: 0, failed: 0, requests: 0, virtualMs: 0, milliseconds: 0, coverage: [], hashes: [] };
/** Real milliseconds that a seed may take before it is taken for endless. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 2000;

/** What replays a seed. */
export function replayCommand(seed: number): string {
  return `npm run simulation -- seeds=1 from=${seed} trace=yes`;
}

async function runShare(
  share: { readonly from: number; readonly count: number },
  step: number,
  { bug, stop = false }: CampaignOptions,
  onFailure: (failure: SeedFailure) => void,
  stopping?: AbortSignal,
): Promise<SeedsReport> {
  const args = [
    String(share.from),
    String(share.count),
    String(step),
    ...(bug === undefined ? [] : [`bug=${bug}`]),
    ...(stop ? ["stop"] : []),
  ];
  const child = spawn(process.execPath, ["--conditions=tableferry-source", join(import.meta.dirname, "run-seeds.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let trouble = "";
  child.stderr.on("data", (chunk: Buffer) => (trouble = `${trouble}${chunk}`.slice(-4000)));
  let report: SeedsReport | undefined;
  let at = share.from;
  const hangs = () => {
    onFailure({ seed: at, title: "", invariant: "end", text: `it had not come to its end after ${PATIENCE_MS / 1000} s` });
    report = nothing;
    child.kill("SIGKILL");
  };
  // Counted in small steps, since a machine that sleeps lets nobody come to an end.
  let silentMs = 0;
  const watchdog = setInterval(() => {
    silentMs += LOOK_MS;
    if (silentMs >= PATIENCE_MS) hangs();
  }, LOOK_MS);
  stopping?.addEventListener("abort", () => child.kill("SIGTERM"));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as SeedsReport | SeedFailure | { readonly begins: number };
    silentMs = 0;
    if ("begins" in said) at = said.begins;
    else if ("seed" in said) onFailure(said);
    else report = said;
  }
  const code = await ended;
  clearInterval(watchdog);
  if (stopping?.aborted === true) return report ?? nothing;
  if (report === undefined || (code !== 0 && report !== nothing))
    throw new Error(`seeds from ${share.from} on did not come to their end (exit code ${code}): ${trouble}`);
  return report;
}
