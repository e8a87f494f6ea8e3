import type { StreamRecord } from "../../src/wire/operation/stream-record.ts";
import { decodeStreamRecord } from "../../src/wire/plainbuffer/decode-change.ts";
import { type Caller, tableRequest } from "./caller.ts";

export const oneKey = [{ name: "pk", type: "string" }] as const;

/** A table of one string key with a stream, whose id it answers. */
export async function createWithStream(caller: Caller, tableName: string, originColumns: readonly string[] = []): Promise<string> {
  await caller.call("CreateTable", { ...tableRequest(tableName, oneKey), stream: { enabled: true, expirationHours: 24, originColumns } });
  return streamIdOf(caller, tableName);
}

export async function streamIdOf(caller: Caller, tableName: string): Promise<string> {
  return (await caller.call("ListStream", { tableName })).streams[0]!.streamId;
}

export async function shardsOf(caller: Caller, streamId: string) {
  return (await caller.call("DescribeStream", { streamId })).shards;
}

/** An iterator of the stream's first shard. */
export async function iteratorOf(caller: Caller, streamId: string, timestamp?: number): Promise<string> {
  const [shard] = await shardsOf(caller, streamId);
  return (await caller.call("GetShardIterator", { streamId, shardId: shard!.shardId, timestamp })).shardIterator;
}

/** Splits as an administrator does. */
export async function splitPartition(caller: Caller, table: string, key?: string): Promise<unknown> {
  const request = { op: "splitPartition", instance: caller.instance, table, key };
  const reply = await caller.send("tableferry/admin", Buffer.from(JSON.stringify(request)));
  return JSON.parse(Buffer.from(reply.body).toString());
}

/** A record as `action key column=value…`. */
export function recordText({ action, record }: StreamRecord): string {
  const { key, cells } = decodeStreamRecord(record);
  const values = cells.map((cell) => (cell.op === "put" ? `${cell.name}=${String(cell.value)}` : `${cell.op} ${cell.name}`));
  return [action, ...key.map(({ value }) => String(value)), ...values].join(" ");
}
