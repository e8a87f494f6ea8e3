import { operations, type OperationName, type RequestOf } from "../../../src/wire/operation/operations.ts";
import type { Operation } from "../../../src/wire/operation/operation.ts";
import { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import { type Caller, deleteRequest, keyBytes, putRequest, tableRequest, updateRequest } from "../../conformance/caller.ts";
import type { FuzzSeed } from "./fuzz-seeds.ts";

/** Tables for requests that name what is there: one with a stream, one for transactions. */
export const liveTables = [
  { ...tableRequest("s", [{ name: "pk", type: "string" }]), stream: { enabled: true, expirationHours: 24, originColumns: ["c"] } },
  {
    ...tableRequest("x", [
      { name: "pk", type: "string" },
      { name: "n", type: "integer" },
    ]),
    localTransactions: true,
  },
];

/**
 * Requests that name a tunnel, a client and the channels it holds, where these stand, a stream with its shard, and an open transaction, all of them just made.
 * @param turn another one each time: what is left of the time before is not in the way then
 */
export async function liveSeeds(caller: Caller, turn: number): Promise<readonly FuzzSeed[]> {
  return [...(await tunnelSeeds(caller, turn)), ...(await streamSeeds(caller)), ...(await transactionSeeds(caller, turn))];
}

function seed<Name extends OperationName>(name: Name, request: RequestOf<Name>): FuzzSeed {
  const operation: Operation<RequestOf<Name>, unknown> = operations[name] as never;
  return { operation: name, body: operation.encodeRequest(request) };
}

async function tunnelSeeds(caller: Caller, turn: number): Promise<readonly FuzzSeed[]> {
  for (const { tableName, tunnelName = "" } of (await caller.call("tunnel/list", {})).tunnels)
    await caller.call("tunnel/delete", { tableName, tunnelName });
  const named = { tableName: "s", tunnelName: `live${turn}` };
  const { tunnelId } = await caller.call("tunnel/create", { ...named, tunnelType: "BaseAndStream" });
  const { clientId } = await caller.call("tunnel/connect", { tunnelId, client: { timeoutSeconds: 300 } });
  const { channels } = await caller.call("tunnel/heartbeat", { tunnelId, clientId, channels: [] });
  const client = { tunnelId, clientId };
  const reported = channels.map(({ channelId, version, status }) => ({ channelId, version: version + 1n, status }));
  const ofChannels = channels.map(async ({ channelId }) => {
    const { checkpoint, sequenceNumber } = await caller.call("tunnel/getcheckpoint", { ...client, channelId });
    return [
      seed("tunnel/getcheckpoint", { ...client, channelId }),
      seed("tunnel/readrecords", { ...client, channelId, token: checkpoint }),
      seed("tunnel/checkpoint", { ...client, channelId, checkpoint, sequenceNumber: sequenceNumber + 1n }),
      seed("tunnel/checkpoint", { ...client, channelId, checkpoint: "finished", sequenceNumber: sequenceNumber + 1n }),
      seed("tunnel/schedule", { tunnelId, channels: [{ channelId, version: 1n, status: "closing" }] }),
    ];
  });
  return [
    ...(await Promise.all(ofChannels)).flat(),
    seed("tunnel/heartbeat", { ...client, channels }),
    seed("tunnel/heartbeat", { ...client, channels: reported }),
    seed("tunnel/describe", { ...named, tunnelId }),
    seed("tunnel/connect", { tunnelId, client: { timeoutSeconds: 10 } }),
    seed("tunnel/getrpo", { tunnelId }),
    seed("tunnel/shutdown", client),
    seed("tunnel/delete", { ...named, tunnelId }),
  ];
}

async function streamSeeds(caller: Caller): Promise<readonly FuzzSeed[]> {
  const { streams } = await caller.call("ListStream", { tableName: "s" });
  const each = streams.map(async ({ streamId }) => {
    const { shards } = await caller.call("DescribeStream", { streamId });
    const [shard] = shards;
    if (shard === undefined) return [];
    const { shardId } = shard;
    const { shardIterator } = await caller.call("GetShardIterator", { streamId, shardId });
    return [
      seed("DescribeStream", { streamId }),
      seed("GetShardIterator", { streamId, shardId }),
      seed("GetShardIterator", { streamId, shardId, timestamp: 1 }),
      seed("GetStreamRecord", { shardIterator, limit: 3 }),
    ];
  });
  return (await Promise.all(each)).flat();
}

async function transactionSeeds(caller: Caller, turn: number): Promise<readonly FuzzSeed[]> {
  const partition = `a${turn}`;
  const own = { pk: partition, n: 1n };
  const { transactionId } = await caller.call("StartLocalTransaction", { tableName: "x", key: keyBytes({ pk: partition }) });
  const [put, update, remove] = [
    putRequest("x", own, { c: 1n }),
    updateRequest("x", own, [{ op: "increment", name: "c", by: 1n }]),
    deleteRequest("x", own),
  ];
  const [start, end] = [keyBytes({ pk: partition, n: INF_MIN }), keyBytes({ pk: partition, n: INF_MAX })];
  const selection = { maxVersions: 1 };
  return [
    seed("PutRow", { ...put, transactionId }),
    seed("UpdateRow", { ...update, transactionId }),
    seed("DeleteRow", { ...remove, transactionId }),
    seed("GetRow", { tableName: "x", key: keyBytes(own), selection, transactionId }),
    seed("GetRange", { tableName: "x", direction: "forward", start, end, selection, transactionId }),
    seed("BatchWriteRow", { tables: [{ tableName: "x", rows: [{ ...put, type: "put" }] }], transactionId }),
    seed("StartLocalTransaction", { tableName: "x", key: keyBytes({ pk: partition }) }),
    seed("CommitTransaction", { transactionId }),
    seed("AbortTransaction", { transactionId }),
  ];
}
