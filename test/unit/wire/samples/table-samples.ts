import { INF_MAX, INF_MIN } from "../../../../src/model/value.ts";
import * as gen from "../../../../src/wire/gen/table_pb.js";
import { addDefinedColumn } from "../../../../src/wire/operation/add-defined-column.ts";
import { computeSplitPointsBySize } from "../../../../src/wire/operation/compute-split-points-by-size.ts";
import { createIndex } from "../../../../src/wire/operation/create-index.ts";
import { createTable } from "../../../../src/wire/operation/create-table.ts";
import { deleteDefinedColumn } from "../../../../src/wire/operation/delete-defined-column.ts";
import { deleteTable } from "../../../../src/wire/operation/delete-table.ts";
import { describeTable } from "../../../../src/wire/operation/describe-table.ts";
import { dropIndex } from "../../../../src/wire/operation/drop-index.ts";
import { listSearchIndex } from "../../../../src/wire/operation/list-search-index.ts";
import { listTable } from "../../../../src/wire/operation/list-table.ts";
import { listTimeseriesTable } from "../../../../src/wire/operation/list-timeseries-table.ts";
import { updateTable } from "../../../../src/wire/operation/update-table.ts";
import { encodeBareValue } from "../../../../src/wire/plainbuffer/bare-value.ts";
import { bytesOf, sample } from "./sample.ts";

const key = [
  { name: "~k1", type: "string" },
  { name: "~k2", type: "binary" },
  { name: "~k3", type: "integer", autoIncrement: true },
] as const;
const wireKey = [
  { name: "~k1", type: gen.PrimaryKeyType.KEY_STRING },
  { name: "~k2", type: gen.PrimaryKeyType.KEY_BINARY },
  { name: "~k3", type: gen.PrimaryKeyType.KEY_INTEGER, option: gen.PrimaryKeyOption.AUTO_INCREMENT },
];
const definedColumns = [
  { name: "~i", type: "integer" },
  { name: "~d", type: "double" },
  { name: "~b", type: "boolean" },
  { name: "~s", type: "string" },
  { name: "~x", type: "binary" },
] as const;
const wireDefinedColumns = [
  { name: "~i", type: gen.DefinedColumnType.COLUMN_INTEGER },
  { name: "~d", type: gen.DefinedColumnType.COLUMN_DOUBLE },
  { name: "~b", type: gen.DefinedColumnType.COLUMN_BOOLEAN },
  { name: "~s", type: gen.DefinedColumnType.COLUMN_STRING },
  { name: "~x", type: gen.DefinedColumnType.COLUMN_BLOB },
];
const meta = { tableName: "~t", key, definedColumns };
const wireMeta = { tableName: "~t", primaryKey: wireKey, definedColumn: wireDefinedColumns };
const options = { timeToLive: -1, maxVersions: 2, maxDeviation: 86_400, allowUpdate: false, updateFullRow: true };
const wireOptions = { timeToLive: -1, maxVersions: 2, deviationCellVersionInSec: 86_400n, allowUpdate: false, updateFullRow: true };
const indexes = [
  { name: "~global", keyColumns: ["~i"], definedColumns: ["~s", "~d"], type: "global", syncPhase: "incremental" },
  { name: "~local", keyColumns: ["~k1", "~i"], definedColumns: [], type: "local" },
] as const;
const wireIndexes = [
  {
    name: "~global",
    primaryKey: ["~i"],
    definedColumn: ["~s", "~d"],
    indexUpdateMode: gen.IndexUpdateMode.INDEX_ASYNC,
    indexType: gen.IndexType.INDEX_GLOBAL,
    indexSyncPhase: gen.IndexSyncPhase.SYNC_INCREMENTAL,
  },
  {
    name: "~local",
    primaryKey: ["~k1", "~i"],
    definedColumn: [],
    indexUpdateMode: gen.IndexUpdateMode.INDEX_SYNC,
    indexType: gen.IndexType.INDEX_LOCAL,
  },
];
const capacity = { read: 3, write: 4 };
const stream = { enabled: true, expirationHours: 24, originColumns: ["~s"] };
const wireStream = { enableStream: true, expirationTime: 24, columnsToGet: ["~s"] };
const details = { enabled: true, streamId: "~stream", expirationHours: 24, lastEnableTime: 1_700_000_000_000_000, originColumns: ["~s"] };
const wireDetails = {
  enableStream: true,
  streamId: "~stream",
  expirationTime: 24,
  lastEnableTime: 1_700_000_000_000_000n,
  columnsToGet: ["~s"],
};
const encryption = { enabled: true, keyType: "byok", keyId: bytesOf("key"), roleArn: bytesOf("role") } as const;
const wireEncryption = { enable: true, keyType: gen.SSEKeyType.SSE_BYOK, keyId: bytesOf("key"), roleArn: bytesOf("role") };
const reserved = { read: 3, write: 4, lastIncreaseTime: 1_700_000_000, lastDecreaseTime: 1_700_000_001 };
const wireReserved = { capacityUnit: capacity, lastIncreaseTime: 1_700_000_000n, lastDecreaseTime: 1_700_000_001n };
const variant = (value: Parameters<typeof encodeBareValue>[0]): Uint8Array<ArrayBuffer> =>
  encodeBareValue(value) as Uint8Array<ArrayBuffer>;
const named = { model: { tableName: "~t" }, wire: { tableName: "~t" }, minimal: { tableName: "~t" } };
const nothing = { model: {}, wire: {}, minimal: {} };

export const tableSamples = [
  ...sample(
    createTable,
    {
      schema: gen.CreateTableRequestSchema,
      model: {
        meta,
        reserved: capacity,
        options,
        partitions: [
          { begin: INF_MIN, end: "m" },
          { begin: "m", end: INF_MAX },
        ],
        stream,
        encryption,
        indexes,
        localTransactions: true,
      },
      wire: {
        tableMeta: wireMeta,
        reservedThroughput: { capacityUnit: capacity },
        tableOptions: wireOptions,
        partitions: [
          { begin: variant(INF_MIN), end: variant("m") },
          { begin: variant("m"), end: variant(INF_MAX) },
        ],
        streamSpec: wireStream,
        sseSpec: wireEncryption,
        indexMetas: wireIndexes,
        enableLocalTxn: true,
      },
      minimal: { meta: { tableName: "~t", key: [], definedColumns: [] }, reserved: capacity, partitions: [], indexes: [] },
    },
    { schema: gen.CreateTableResponseSchema, ...nothing },
  ),
  ...sample(
    listTable,
    { schema: gen.ListTableRequestSchema, ...nothing },
    {
      schema: gen.ListTableResponseSchema,
      model: { tableNames: ["~a", "~b"] },
      wire: { tableNames: ["~a", "~b"] },
      minimal: { tableNames: [] },
    },
  ),
  ...sample(
    describeTable,
    { schema: gen.DescribeTableRequestSchema, ...named },
    {
      schema: gen.DescribeTableResponseSchema,
      model: {
        meta,
        reserved,
        options,
        status: "updating",
        stream: details,
        shardSplits: [bytesOf("split")],
        encryption,
        indexes,
        creationTime: 1_700_000_000_000_000,
      },
      wire: {
        tableMeta: wireMeta,
        reservedThroughputDetails: wireReserved,
        tableOptions: wireOptions,
        tableStatus: gen.TableStatus.TABLE_UPDATING,
        streamDetails: wireDetails,
        shardSplits: [bytesOf("split")],
        sseDetails: wireEncryption,
        indexMetas: wireIndexes,
        creationTime: 1_700_000_000_000_000n,
      },
      minimal: {
        meta: { tableName: "~t", key: [], definedColumns: [] },
        reserved: { read: 0, write: 0, lastIncreaseTime: 0 },
        options,
        status: "active",
        shardSplits: [],
        indexes: [],
      },
    },
  ),
  ...sample(
    updateTable,
    {
      schema: gen.UpdateTableRequestSchema,
      model: { tableName: "~t", reserved: capacity, options, stream },
      wire: { tableName: "~t", reservedThroughput: { capacityUnit: capacity }, tableOptions: wireOptions, streamSpec: wireStream },
      minimal: { tableName: "~t" },
    },
    {
      schema: gen.UpdateTableResponseSchema,
      model: { reserved, options, stream: details },
      wire: { reservedThroughputDetails: wireReserved, tableOptions: wireOptions, streamDetails: wireDetails },
      minimal: { reserved: { read: 0, write: 0, lastIncreaseTime: 0 }, options },
    },
  ),
  ...sample(deleteTable, { schema: gen.DeleteTableRequestSchema, ...named }, { schema: gen.DeleteTableResponseSchema, ...nothing }),
  ...sample(
    computeSplitPointsBySize,
    {
      schema: gen.ComputeSplitPointsBySizeRequestSchema,
      model: { tableName: "~t", splitSize: 5, unitBytes: 1_048_576, splitPointLimit: 9 },
      wire: { tableName: "~t", splitSize: 5n, splitSizeUnitInByte: 1_048_576n, splitPointLimit: 9 },
      minimal: { tableName: "~t", splitSize: 1 },
    },
    {
      schema: gen.ComputeSplitPointsBySizeResponseSchema,
      model: {
        consumed: capacity,
        key,
        splitPoints: [bytesOf("p1"), bytesOf("p2")],
        locations: [
          { location: "~l1", repeat: 1 },
          { location: "~l2", repeat: 2 },
        ],
      },
      wire: {
        consumed: { capacityUnit: capacity },
        schema: wireKey,
        splitPoints: [bytesOf("p1"), bytesOf("p2")],
        locations: [
          { location: "~l1", repeat: 1n },
          { location: "~l2", repeat: 2n },
        ],
      },
      minimal: { consumed: capacity, key: [], splitPoints: [], locations: [] },
    },
  ),
  ...sample(
    createIndex,
    {
      schema: gen.CreateIndexRequestSchema,
      model: { mainTableName: "~t", index: indexes[0], includeBaseData: true },
      wire: { mainTableName: "~t", indexMeta: wireIndexes[0]!, includeBaseData: true },
      minimal: { mainTableName: "~t", index: indexes[1] },
    },
    { schema: gen.CreateIndexResponseSchema, ...nothing },
  ),
  ...sample(
    dropIndex,
    {
      schema: gen.DropIndexRequestSchema,
      model: { mainTableName: "~t", indexName: "~i" },
      wire: { mainTableName: "~t", indexName: "~i" },
      minimal: { mainTableName: "~t", indexName: "~i" },
    },
    { schema: gen.DropIndexResponseSchema, ...nothing },
  ),
  ...sample(
    addDefinedColumn,
    {
      schema: gen.AddDefinedColumnRequestSchema,
      model: { tableName: "~t", columns: definedColumns },
      wire: { tableName: "~t", columns: wireDefinedColumns },
      minimal: { tableName: "~t", columns: [] },
    },
    { schema: gen.AddDefinedColumnResponseSchema, ...nothing },
  ),
  ...sample(
    deleteDefinedColumn,
    {
      schema: gen.DeleteDefinedColumnRequestSchema,
      model: { tableName: "~t", columns: ["~a", "~b"] },
      wire: { tableName: "~t", columns: ["~a", "~b"] },
      minimal: { tableName: "~t", columns: [] },
    },
    { schema: gen.DeleteDefinedColumnResponseSchema, ...nothing },
  ),
  ...sample(
    listSearchIndex,
    { schema: gen.ListSearchIndexRequestSchema, model: { tableName: "~t" }, wire: { tableName: "~t" }, minimal: {} },
    {
      schema: gen.ListSearchIndexResponseSchema,
      model: { indexes: [{ tableName: "~t", indexName: "~i" }] },
      wire: { indices: [{ tableName: "~t", indexName: "~i" }] },
      minimal: { indexes: [] },
    },
  ),
  ...sample(
    listTimeseriesTable,
    { schema: gen.ListTimeseriesTableRequestSchema, ...nothing },
    {
      schema: gen.ListTimeseriesTableResponseSchema,
      model: { tableNames: ["~a", "~b"] },
      wire: { tableMetas: [{ tableName: "~a" }, { tableName: "~b" }] },
      minimal: { tableNames: [] },
    },
  ),
];
