import type { OperationName } from "../wire/operation/operations.ts";
import type { Answer } from "./call-context.ts";
import { answerAbortTransaction } from "./operation/abort-transaction.ts";
import { answerAddDefinedColumn } from "./operation/add-defined-column.ts";
import { answerBatchGetRow } from "./operation/batch-get-row.ts";
import { answerBatchWriteRow } from "./operation/batch-write-row.ts";
import { answerBulkExport } from "./operation/bulk-export.ts";
import { answerBulkImport } from "./operation/bulk-import.ts";
import { answerCommitTransaction } from "./operation/commit-transaction.ts";
import { answerComputeSplitPointsBySize } from "./operation/compute-split-points-by-size.ts";
import { answerCreateIndex } from "./operation/create-index.ts";
import { answerCreateTable } from "./operation/create-table.ts";
import { answerDeleteDefinedColumn } from "./operation/delete-defined-column.ts";
import { answerDeleteRow } from "./operation/delete-row.ts";
import { answerDeleteTable } from "./operation/delete-table.ts";
import { answerDescribeStream } from "./operation/describe-stream.ts";
import { answerDescribeTable } from "./operation/describe-table.ts";
import { answerDropIndex } from "./operation/drop-index.ts";
import { answerGetRange } from "./operation/get-range.ts";
import { answerGetRow } from "./operation/get-row.ts";
import { answerGetShardIterator } from "./operation/get-shard-iterator.ts";
import { answerGetStreamRecord } from "./operation/get-stream-record.ts";
import { answerListSearchIndex } from "./operation/list-search-index.ts";
import { answerListStream } from "./operation/list-stream.ts";
import { answerListTable } from "./operation/list-table.ts";
import { answerListTimeseriesTable } from "./operation/list-timeseries-table.ts";
import { answerPutRow } from "./operation/put-row.ts";
import { answerStartLocalTransaction } from "./operation/start-local-transaction.ts";
import { answerTunnelCheckpoint } from "./operation/tunnel-checkpoint.ts";
import { answerTunnelConnect } from "./operation/tunnel-connect.ts";
import { answerTunnelCreate } from "./operation/tunnel-create.ts";
import { answerTunnelDelete } from "./operation/tunnel-delete.ts";
import { answerTunnelDescribe } from "./operation/tunnel-describe.ts";
import { answerTunnelGetCheckpoint } from "./operation/tunnel-get-checkpoint.ts";
import { answerTunnelGetRpoByOffset } from "./operation/tunnel-get-rpo-by-offset.ts";
import { answerTunnelGetRpo } from "./operation/tunnel-get-rpo.ts";
import { answerTunnelHeartbeat } from "./operation/tunnel-heartbeat.ts";
import { answerTunnelList } from "./operation/tunnel-list.ts";
import { answerTunnelReadRecords } from "./operation/tunnel-read-records.ts";
import { answerTunnelSchedule } from "./operation/tunnel-schedule.ts";
import { answerTunnelShutdown } from "./operation/tunnel-shutdown.ts";
import { answerUpdateRow } from "./operation/update-row.ts";
import { answerUpdateTable } from "./operation/update-table.ts";

/** The operations this server has; every other name is refused in the service's own words. */
export const answers: Readonly<Partial<Record<OperationName, Answer>>> = {
  CreateTable: answerCreateTable,
  ListTable: answerListTable,
  DescribeTable: answerDescribeTable,
  UpdateTable: answerUpdateTable,
  DeleteTable: answerDeleteTable,
  AddDefinedColumn: answerAddDefinedColumn,
  DeleteDefinedColumn: answerDeleteDefinedColumn,
  ComputeSplitPointsBySize: answerComputeSplitPointsBySize,
  GetRow: answerGetRow,
  PutRow: answerPutRow,
  UpdateRow: answerUpdateRow,
  DeleteRow: answerDeleteRow,
  BatchGetRow: answerBatchGetRow,
  BatchWriteRow: answerBatchWriteRow,
  GetRange: answerGetRange,
  BulkImport: answerBulkImport,
  BulkExport: answerBulkExport,
  StartLocalTransaction: answerStartLocalTransaction,
  CommitTransaction: answerCommitTransaction,
  AbortTransaction: answerAbortTransaction,
  CreateIndex: answerCreateIndex,
  DropIndex: answerDropIndex,
  ListStream: answerListStream,
  DescribeStream: answerDescribeStream,
  GetShardIterator: answerGetShardIterator,
  GetStreamRecord: answerGetStreamRecord,
  ListSearchIndex: answerListSearchIndex,
  ListTimeseriesTable: answerListTimeseriesTable,
  "tunnel/create": answerTunnelCreate,
  "tunnel/delete": answerTunnelDelete,
  "tunnel/list": answerTunnelList,
  "tunnel/describe": answerTunnelDescribe,
  "tunnel/connect": answerTunnelConnect,
  "tunnel/heartbeat": answerTunnelHeartbeat,
  "tunnel/shutdown": answerTunnelShutdown,
  "tunnel/getcheckpoint": answerTunnelGetCheckpoint,
  "tunnel/readrecords": answerTunnelReadRecords,
  "tunnel/checkpoint": answerTunnelCheckpoint,
  "tunnel/getrpo": answerTunnelGetRpo,
  "tunnel/getrpobyoffset": answerTunnelGetRpoByOffset,
  "tunnel/schedule": answerTunnelSchedule,
};
