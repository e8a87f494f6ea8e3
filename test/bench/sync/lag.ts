import { systemClock } from "../../../src/base/clock.ts";
import type { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { encodeChange } from "../../../src/wire/plainbuffer/encode.ts";
import { decodeStreamRecord } from "../../../src/wire/plainbuffer/decode-change.ts";
import { describeStream } from "../../../src/wire/operation/describe-stream.ts";
import { getShardIterator } from "../../../src/wire/operation/get-shard-iterator.ts";
import { getStreamRecord } from "../../../src/wire/operation/get-stream-record.ts";
import { listStream } from "../../../src/wire/operation/list-stream.ts";
import type { SyncBench } from "./sync-bench.ts";

const channels = 8;
const cuts = Array.from({ length: channels - 1 }, (_, i) => `c${i + 1}`);

/** A source cut into 8 channels, a target whose own stream tells when each change arrived, and a worker in step. */
async function inStep(bench: SyncBench, name: string, workers = 1) {
  await bench.makeTable("legacy", name, cuts);
  await bench.makeTable("modern", name);
  const { path, spec } = bench.job(name, {});
  const running = Array.from({ length: workers }, () => bench.worker(path));
  await bench.until(spec, 60, ({ phase, channels: held }) => phase === "in step" && held.length === channels);
  return { path, spec, running, client: bench.client("legacy") };
}

/** One put in each of the partitions by turns. */
export async function put(client: TableStoreClient, tableName: string, orders: readonly number[]): Promise<void> {
  const rows = orders.map((order) => ({
    type: "put" as const,
    condition: { existence: "ignore" } as const,
    change: encodeChange({
      type: "put",
      key: [
        { name: "customer", value: `c${order % channels}` },
        { name: "order", value: BigInt(order) },
      ],
      cells: [{ name: "note", value: "x".repeat(200) }],
    }),
  }));
  await client.batchWriteRow({ tables: [{ tableName, rows }] });
}

/** Commit times in microseconds, by the number in the key, as a table's stream has them. */
export async function commitTimes(client: TableStoreClient, tableName: string): Promise<ReadonlyMap<bigint, number>> {
  const times = new Map<bigint, number>();
  const { streams } = await client.call(listStream, { tableName });
  for (const { streamId } of streams) {
    const { shards } = await client.call(describeStream, { streamId });
    for (const { shardId } of shards) {
      let { shardIterator: iterator } = await client.call(getShardIterator, { streamId, shardId });
      for (;;) {
        const page = await client.call(getStreamRecord, { shardIterator: iterator, limit: 1000 });
        for (const { record } of page.records) {
          const { key, sequence } = decodeStreamRecord(record);
          const order = key[1]!.value;
          if (typeof order === "bigint" && sequence !== undefined && !times.has(order)) times.set(order, sequence.timestamp);
        }
        if (page.records.length === 0 || page.nextShardIterator === undefined) break;
        iterator = page.nextShardIterator;
      }
    }
  }
  return times;
}

/** Milliseconds from the commit at the source to the commit at the target, sorted. */
export async function lags(bench: SyncBench, name: string): Promise<number[]> {
  const [source, target] = [bench.client("legacy"), bench.client("modern")];
  const [committed, applied] = await Promise.all([commitTimes(source, name), commitTimes(target, name)]);
  await Promise.all([source.close(), target.close()]);
  const missing = [...committed.keys()].filter((order) => !applied.has(order));
  if (missing.length > 0) throw new Error(`${missing.length} of ${committed.size} changes did not arrive`);
  return [...committed].map(([order, at]) => (applied.get(order)! - at) / 1000).sort((a, b) => a - b);
}

export function quantile(sorted: readonly number[], part: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN).toFixed(1);
}

function lagText(title: string, sorted: readonly number[]): string {
  return `${title}: lag p50 ${quantile(sorted, 0.5)} ms, p99 ${quantile(sorted, 0.99)} ms, worst ${sorted.at(-1)!.toFixed(1)} ms over ${sorted.length} changes`;
}

export async function lagUnderLoad(bench: SyncBench, seconds: number): Promise<string> {
  const name = "lag_load";
  const { running, client, spec } = await inStep(bench, name);
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < seconds * 1000) {
    const due = Math.floor(performance.now() - began);
    if (due > sent)
      await put(
        client,
        name,
        Array.from({ length: Math.min(due - sent, 200) }, () => sent++),
      );
    else await systemClock.sleep(5);
  }
  await arrived(bench, name, sent);
  await bench.until(spec, 30, ({ phase }) => phase === "in step");
  for (const worker of running) await bench.stop(worker);
  await client.close();
  return lagText(`1,000 changes/s, ${channels} channels`, await lags(bench, name));
}

export async function lagOfLoneChanges(bench: SyncBench, seconds: number): Promise<string> {
  const name = "lag_lone";
  const { running, client } = await inStep(bench, name);
  const count = Math.max(4, Math.floor(seconds / 5));
  for (let i = 0; i < count; i++) {
    await put(client, name, [i]);
    await systemClock.sleep(5000);
  }
  await arrived(bench, name, count);
  for (const worker of running) await bench.stop(worker);
  await client.close();
  return lagText(`one change every 5 s, ${channels} channels`, await lags(bench, name));
}

/** Requests that reading idle channels costs. */
export async function idleRequests(bench: SyncBench): Promise<string> {
  const { running, client } = await inStep(bench, "idle");
  await systemClock.sleep(3000);
  const seconds = 30;
  const before = await bench.requests();
  await systemClock.sleep(seconds * 1000);
  const after = await bench.requests();
  for (const worker of running) await bench.stop(worker);
  await client.close();
  const rate = (name: string) => (((after.get(name) ?? 0) - (before.get(name) ?? 0)) / seconds).toFixed(2);
  const all = [...after.keys()].reduce((sum, name) => sum + (after.get(name)! - (before.get(name) ?? 0)), 0) / seconds;
  return `idle, ${channels} channels: ${(Number(rate("tunnel/readrecords")) / channels).toFixed(2)} reads/s a channel, ${rate("tunnel/heartbeat")} heartbeats/s, ${all.toFixed(1)} requests/s in all`;
}

export async function arrived(bench: SyncBench, name: string, count: number): Promise<void> {
  const client = bench.client("modern");
  for (let looks = 0; (await commitTimes(client, name)).size < count; looks++) {
    if (looks > 60) throw new Error("not everything arrives");
    await systemClock.sleep(1000);
  }
  await client.close();
}

export { channels, inStep };
