import { readdirSync } from "node:fs";
import { systemClock } from "../../../src/base/clock.ts";
import { put, quantile } from "./lag.ts";
import { peakMegabytes, type SyncBench } from "./sync-bench.ts";

/** The service's quota of tables in an instance. */
const tablesAnInstance = 60;

/** Many tables through one worker process: copied, caught up, and followed. */
export async function manyTables(bench: SyncBench, count: number): Promise<string> {
  const sets = Math.ceil(count / tablesAnInstance);
  const jobs: string[] = [];
  const names: { instance: string; table: string }[] = [];
  for (let set = 0; set < sets; set++) {
    await bench.admin.createInstance(`many-${set}`);
    await bench.admin.createInstance(`copy-${set}`);
    for (let i = set * tablesAnInstance; i < Math.min(count, (set + 1) * tablesAnInstance); i++) {
      await bench.makeTable(`many-${set}`, `t_${i}`);
      names.push({ instance: `many-${set}`, table: `t_${i}` });
    }
    jobs.push(bench.setJob(`many${set}`, `many-${set}`, `copy-${set}`));
  }
  const write = async (from: number) => {
    for (const { instance, table } of names) {
      const client = bench.client(instance, 1);
      await put(
        client,
        table,
        Array.from({ length: 20 }, (_, i) => from + i),
      );
      await client.close();
    }
  };
  await write(0);
  const began = performance.now();
  const worker = bench.workers(jobs);
  const caughtUp = async (rows: number) => {
    for (const { instance, table } of names) {
      const client = bench.client(instance.replace("many", "copy"), 1);
      while ((await bench.countRows(client, table)) < rows) await systemClock.sleep(500);
      await client.close();
    }
    return (performance.now() - began) / 1000;
  };
  const copied = await caughtUp(20);
  await write(20);
  const followed = (await caughtUp(40)) - copied;
  const sockets = readdirSync(`/proc/${worker.pid}/fd`).length;
  const peak = peakMegabytes(worker.pid!);
  await bench.stop(worker);
  return `${count} tables, one worker: copied in ${quantile([copied], 0)} s, 20 changes in each followed within ${followed.toFixed(1)} s of the first write, ${sockets} open files, ${peak} MB peak`;
}
