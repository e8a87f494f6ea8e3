import { systemClock } from "../../../src/base/clock.ts";
import { writeOrders } from "../write-orders.ts";
import { cpuOf, peakMegabytes, type SyncBench } from "./sync-bench.ts";

export interface BacklogOptions {
  readonly name: string;
  readonly changes: number;
  readonly workers: number;
  readonly channels: number;
  readonly lookUp?: boolean | undefined;
}

/** Left out of the measurement where a backlog lasts longer. */
const warmUpSeconds = 30;

/** Lets changes gather, then times how fast workers apply them. */
export async function backlog(bench: SyncBench, options: BacklogOptions): Promise<string> {
  const { name, changes, workers, channels, lookUp } = options;
  const customers = Math.ceil(changes / 10);
  const cuts = Array.from(
    { length: channels - 1 },
    (_, i) => `customer-${String(Math.floor((customers * (i + 1)) / channels)).padStart(8, "0")}`,
  );
  await bench.makeTable("legacy", name, cuts);
  const mapping = lookUp === true ? { mapping: new URL("look-up-mapping.ts", import.meta.url).pathname } : {};
  const { path, spec } = bench.job(name, { ...mapping, initial: "none", limits: { inFlightBytes: 33_554_432 } });
  // The first worker makes tunnel and target; changes gather from then on.
  const first = bench.worker(path);
  await bench.until(spec, 60, ({ phase }) => phase === "in step");
  await bench.stop(first);
  const client = bench.client("legacy");
  await writeOrders(client, name, changes);
  await client.close();
  const serverBefore = bench.server.cpuSeconds();
  const began = performance.now();
  const running = Array.from({ length: workers }, () => bench.worker(path));
  const base = (await bench.status(spec)).counts.changes;
  let from: { at: number; count: number; cpu: number } | undefined;
  const cpuOfAll = () => running.reduce((sum, { pid }) => sum + cpuOf(pid!), 0);
  let count = 0;
  let at = began;
  while (count < changes) {
    await systemClock.sleep(500);
    const now = (await bench.status(spec)).counts.changes - base;
    if (now === count && performance.now() - at > 120_000) throw new Error(`stuck at ${count} of ${changes}`);
    if (now > count) at = performance.now();
    count = now;
    if (from === undefined && performance.now() - began > warmUpSeconds * 1000) from = { at: performance.now(), count, cpu: cpuOfAll() };
  }
  // A backlog that is gone within the warm-up is measured from its beginning.
  const start = from !== undefined && changes - from.count > changes / 5 ? from : { at: began, count: 0, cpu: 0 };
  const seconds = (at - start.at) / 1000;
  const rate = (count - start.count) / seconds;
  const clientCpu = ((cpuOfAll() - start.cpu) / (count - start.count)) * 1e6;
  const serverCpu = ((bench.server.cpuSeconds() - serverBefore) / count) * 1e6;
  const peak = Math.max(...running.map(({ pid }) => peakMegabytes(pid!)));
  for (const worker of running) await bench.stop(worker);
  return `${name.padEnd(10)} ${workers} worker(s), ${channels} channel(s): ${Math.round(rate).toLocaleString("en")} changes/s over ${seconds.toFixed(0)} s, ${clientCpu.toFixed(1)} us worker CPU, ${serverCpu.toFixed(1)} us server CPU a change, ${peak} MB peak a worker`;
}
