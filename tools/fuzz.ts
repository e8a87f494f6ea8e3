/**
 * `npm run fuzz [-- cases=100000 seed=1]`: mutated requests of every operation, bodies and headers, to a server in process; `round=7` runs that round alone, to see a finding again.
 * The cases run in a thread of their own and are watched from here, since one that never ends could not say so itself.
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { fuzzRound, type FuzzReport } from "../test/unit/support/request-fuzz.ts";
import { numberOption } from "./options.ts";

/** Each round begins with a server of its own. */
const ROUND_CASES = 1000;
const PATIENCE_MS = 30_000;

interface Work {
  readonly seed: number;
  readonly first: number;
  readonly rounds: number;
  readonly cases: number;
  /** Round and case under way. */
  readonly at: Int32Array<SharedArrayBuffer>;
}

if (isMainThread) await watch();
else await run(workerData);

async function run({ seed, first, rounds, cases, at }: Work): Promise<void> {
  for (let round = first; round < first + rounds; round++) {
    Atomics.store(at, 0, round);
    parentPort?.postMessage(await fuzzRound({ seed, round, cases, onCase: (number) => Atomics.store(at, 1, number) }));
  }
}

async function watch(): Promise<void> {
  const seed = numberOption("seed", 1);
  const total = numberOption("cases", 100_000);
  const only = process.argv.some((arg) => arg.startsWith("round="));
  const first = numberOption("round", 0);
  const rounds = only ? 1 : Math.ceil(total / ROUND_CASES);
  const cases = Math.min(total, ROUND_CASES);
  const at = new Int32Array(new SharedArrayBuffer(8));
  const statuses = new Map<number, number>();
  let findings = 0;
  const worker = new Worker(new URL(import.meta.url), { workerData: { seed, first, rounds, cases, at } satisfies Work });
  worker.on("message", (report: FuzzReport) => {
    for (const [status, count] of report.statuses) statuses.set(status, (statuses.get(status) ?? 0) + count);
    for (const finding of report.findings.slice(0, Math.max(0, 20 - findings))) console.log(JSON.stringify(finding));
    findings += report.findings.length;
  });
  let last = "";
  const watchdog = setInterval(() => {
    const now = at.join(" ");
    if (now === last) {
      console.log(`round ${at[0]}, case ${at[1]} does not end: npm run fuzz -- seed=${seed} round=${at[0]}`);
      process.exit(1);
    }
    last = now;
  }, PATIENCE_MS);
  const failure = await new Promise<Error | undefined>((resolve) => {
    worker.once("error", resolve);
    worker.once("exit", () => resolve(undefined));
  });
  clearInterval(watchdog);
  if (failure !== undefined) console.log(`round ${at[0]}, case ${at[1]} ended the thread: ${failure.stack}`);
  const answered = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`);
  console.log(
    `${[...statuses.values()].reduce((sum, count) => sum + count, 0)} cases, seed ${seed}: ${answered.join(", ")}; ${findings} findings`,
  );
  process.exitCode = findings === 0 && failure === undefined ? 0 : 1;
}
