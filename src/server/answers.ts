import type { OperationName } from "../wire/operation/operations.ts";
import type { Answer } from "./call-context.ts";
import { answerBatchGetRow } from "./operation/batch-get-row.ts";
import { answerBatchWriteRow } from "./operation/batch-write-row.ts";
import { answerComputeSplitPointsBySize } from "./operation/compute-split-points-by-size.ts";
import { answerCreateTable } from "./operation/create-table.ts";
import { answerDeleteRow } from "./operation/delete-row.ts";
import { answerDeleteTable } from "./operation/delete-table.ts";
import { answerDescribeStream } from "./operation/describe-stream.ts";
import { answerDescribeTable } from "./operation/describe-table.ts";
import { answerGetRange } from "./operation/get-range.ts";
import { answerGetRow } from "./operation/get-row.ts";
import { answerGetShardIterator } from "./operation/get-shard-iterator.ts";
import { answerGetStreamRecord } from "./operation/get-stream-record.ts";
import { answerListSearchIndex } from "./operation/list-search-index.ts";
import { answerListStream } from "./operation/list-stream.ts";
import { answerListTable } from "./operation/list-table.ts";
import { answerListTimeseriesTable } from "./operation/list-timeseries-table.ts";
import { answerPutRow } from "./operation/put-row.ts";
import { answerUpdateRow } from "./operation/update-row.ts";
import { answerUpdateTable } from "./operation/update-table.ts";

/** The operations this server has; every other name is refused in the service's own words. */
export const answers: Readonly<Partial<Record<OperationName, Answer>>> = {
  CreateTable: answerCreateTable,
  ListTable: answerListTable,
  DescribeTable: answerDescribeTable,
  UpdateTable: answerUpdateTable,
  DeleteTable: answerDeleteTable,
  ComputeSplitPointsBySize: answerComputeSplitPointsBySize,
  GetRow: answerGetRow,
  PutRow: answerPutRow,
  UpdateRow: answerUpdateRow,
  DeleteRow: answerDeleteRow,
  BatchGetRow: answerBatchGetRow,
  BatchWriteRow: answerBatchWriteRow,
  GetRange: answerGetRange,
  ListStream: answerListStream,
  DescribeStream: answerDescribeStream,
  GetShardIterator: answerGetShardIterator,
  GetStreamRecord: answerGetStreamRecord,
  ListSearchIndex: answerListSearchIndex,
  ListTimeseriesTable: answerListTimeseriesTable,
};
