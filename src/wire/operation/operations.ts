import { abortTransaction } from "./abort-transaction.ts";
import { addDefinedColumn } from "./add-defined-column.ts";
import { batchGetRow } from "./batch-get-row.ts";
import { batchWriteRow } from "./batch-write-row.ts";
import { bulkExport } from "./bulk-export.ts";
import { bulkImport } from "./bulk-import.ts";
import { commitTransaction } from "./commit-transaction.ts";
import { computeSplitPointsBySize } from "./compute-split-points-by-size.ts";
import { createIndex } from "./create-index.ts";
import { createTable } from "./create-table.ts";
import { deleteDefinedColumn } from "./delete-defined-column.ts";
import { deleteRow } from "./delete-row.ts";
import { deleteTable } from "./delete-table.ts";
import { describeStream } from "./describe-stream.ts";
import { describeTable } from "./describe-table.ts";
import { dropIndex } from "./drop-index.ts";
import { getRange } from "./get-range.ts";
import { getRow } from "./get-row.ts";
import { getShardIterator } from "./get-shard-iterator.ts";
import { getStreamRecord } from "./get-stream-record.ts";
import { listSearchIndex } from "./list-search-index.ts";
import { listStream } from "./list-stream.ts";
import { listTable } from "./list-table.ts";
import { listTimeseriesTable } from "./list-timeseries-table.ts";
import { putRow } from "./put-row.ts";
import { startLocalTransaction } from "./start-local-transaction.ts";
import { tunnelCheckpoint } from "./tunnel-checkpoint.ts";
import { tunnelConnect } from "./tunnel-connect.ts";
import { tunnelCreate } from "./tunnel-create.ts";
import { tunnelDelete } from "./tunnel-delete.ts";
import { tunnelDescribe } from "./tunnel-describe.ts";
import { tunnelGetCheckpoint } from "./tunnel-get-checkpoint.ts";
import { tunnelGetRpo } from "./tunnel-get-rpo.ts";
import { tunnelGetRpoByOffset } from "./tunnel-get-rpo-by-offset.ts";
import { tunnelHeartbeat } from "./tunnel-heartbeat.ts";
import { tunnelList } from "./tunnel-list.ts";
import { tunnelReadRecords } from "./tunnel-read-records.ts";
import { tunnelSchedule } from "./tunnel-schedule.ts";
import { tunnelShutdown } from "./tunnel-shutdown.ts";
import { updateRow } from "./update-row.ts";
import { updateTable } from "./update-table.ts";
import type { Operation } from "./operation.ts";

/** Every operation by its path without the leading slash: the dispatch table of the server, and what the tests iterate over. */
export const operations = {
  CreateTable: createTable,
  ListTable: listTable,
  DescribeTable: describeTable,
  UpdateTable: updateTable,
  DeleteTable: deleteTable,
  ComputeSplitPointsBySize: computeSplitPointsBySize,
  GetRow: getRow,
  PutRow: putRow,
  UpdateRow: updateRow,
  DeleteRow: deleteRow,
  BatchGetRow: batchGetRow,
  BatchWriteRow: batchWriteRow,
  GetRange: getRange,
  BulkImport: bulkImport,
  BulkExport: bulkExport,
  CreateIndex: createIndex,
  DropIndex: dropIndex,
  AddDefinedColumn: addDefinedColumn,
  DeleteDefinedColumn: deleteDefinedColumn,
  ListStream: listStream,
  DescribeStream: describeStream,
  GetShardIterator: getShardIterator,
  GetStreamRecord: getStreamRecord,
  StartLocalTransaction: startLocalTransaction,
  CommitTransaction: commitTransaction,
  AbortTransaction: abortTransaction,
  ListSearchIndex: listSearchIndex,
  ListTimeseriesTable: listTimeseriesTable,
  "tunnel/create": tunnelCreate,
  "tunnel/delete": tunnelDelete,
  "tunnel/list": tunnelList,
  "tunnel/describe": tunnelDescribe,
  "tunnel/connect": tunnelConnect,
  "tunnel/heartbeat": tunnelHeartbeat,
  "tunnel/shutdown": tunnelShutdown,
  "tunnel/getcheckpoint": tunnelGetCheckpoint,
  "tunnel/readrecords": tunnelReadRecords,
  "tunnel/checkpoint": tunnelCheckpoint,
  "tunnel/getrpo": tunnelGetRpo,
  "tunnel/getrpobyoffset": tunnelGetRpoByOffset,
  "tunnel/schedule": tunnelSchedule,
} as const;

export type OperationName = keyof typeof operations;
export type RequestOf<Name extends OperationName> = (typeof operations)[Name] extends Operation<infer Request, infer _> ? Request : never;
export type ResponseOf<Name extends OperationName> =
  (typeof operations)[Name] extends Operation<infer _, infer Response> ? Response : never;

/** True for the path (without its leading slash) of an operation that has codecs. */
export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}
