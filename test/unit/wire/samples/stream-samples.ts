import * as gen from "../../../../src/wire/gen/stream_pb.js";
import { describeStream } from "../../../../src/wire/operation/describe-stream.ts";
import { getShardIterator } from "../../../../src/wire/operation/get-shard-iterator.ts";
import { getStreamRecord } from "../../../../src/wire/operation/get-stream-record.ts";
import { listStream } from "../../../../src/wire/operation/list-stream.ts";
import { bytesOf, sample } from "./sample.ts";

export const records = [
  { action: "put", record: bytesOf("put"), originRecord: bytesOf("old") },
  { action: "update", record: bytesOf("update") },
  { action: "delete", record: bytesOf("delete") },
] as const;
export const wireRecords = [
  { actionType: gen.ActionType.PUT_ROW, record: bytesOf("put"), originRecord: bytesOf("old") },
  { actionType: gen.ActionType.UPDATE_ROW, record: bytesOf("update") },
  { actionType: gen.ActionType.DELETE_ROW, record: bytesOf("delete") },
];

export const streamSamples = [
  ...sample(
    listStream,
    { schema: gen.ListStreamRequestSchema, model: { tableName: "~t" }, wire: { tableName: "~t" }, minimal: {} },
    {
      schema: gen.ListStreamResponseSchema,
      model: { streams: [{ streamId: "~s", tableName: "~t", creationTime: 1_700_000_000_000_000 }] },
      wire: { streams: [{ streamId: "~s", tableName: "~t", creationTime: 1_700_000_000_000_000n }] },
      minimal: { streams: [] },
    },
  ),
  ...sample(
    describeStream,
    {
      schema: gen.DescribeStreamRequestSchema,
      model: { streamId: "~s", startShardId: "~from", shardLimit: 10 },
      wire: { streamId: "~s", inclusiveStartShardId: "~from", shardLimit: 10 },
      minimal: { streamId: "~s" },
    },
    {
      schema: gen.DescribeStreamResponseSchema,
      model: {
        streamId: "~s",
        expirationHours: 24,
        tableName: "~t",
        creationTime: 1_700_000_000_000_000,
        status: "active",
        shards: [{ shardId: "~a" }, { shardId: "~b", parentId: "~a", parentSiblingId: "~c" }],
        nextShardId: "~next",
      },
      wire: {
        streamId: "~s",
        expirationTime: 24,
        tableName: "~t",
        creationTime: 1_700_000_000_000_000n,
        streamStatus: gen.StreamStatus.STREAM_ACTIVE,
        shards: [{ shardId: "~a" }, { shardId: "~b", parentId: "~a", parentSiblingId: "~c" }],
        nextShardId: "~next",
      },
      minimal: { streamId: "~s", expirationHours: 1, tableName: "~t", creationTime: 0, status: "enabling", shards: [] },
    },
  ),
  ...sample(
    getShardIterator,
    {
      schema: gen.GetShardIteratorRequestSchema,
      model: { streamId: "~s", shardId: "~a", timestamp: 1_700_000_000_000_000, token: "~token" },
      wire: { streamId: "~s", shardId: "~a", timestamp: 1_700_000_000_000_000n, token: "~token" },
      minimal: { streamId: "~s", shardId: "~a" },
    },
    {
      schema: gen.GetShardIteratorResponseSchema,
      model: { shardIterator: "~i", nextToken: "~token" },
      wire: { shardIterator: "~i", nextToken: "~token" },
      minimal: { shardIterator: "~i" },
    },
  ),
  ...sample(
    getStreamRecord,
    {
      schema: gen.GetStreamRecordRequestSchema,
      model: { shardIterator: "~i", limit: 5, tableName: "~t" },
      wire: { shardIterator: "~i", limit: 5, tableName: "~t" },
      minimal: { shardIterator: "~i" },
    },
    {
      schema: gen.GetStreamRecordResponseSchema,
      model: { records, nextShardIterator: "~n", consumed: { read: 1, write: 0 }, mayMoreRecord: true },
      wire: { streamRecords: wireRecords, nextShardIterator: "~n", consumed: { capacityUnit: { read: 1, write: 0 } }, mayMoreRecord: true },
      minimal: { records: [] },
    },
  ),
];
