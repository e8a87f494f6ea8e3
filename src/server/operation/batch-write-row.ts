import { limits } from "../../model/limits.ts";
import type { Table } from "../../store/table.ts";
import { batchWriteRow, type BatchWriteRow, type BatchWriteRowRequest } from "../../wire/operation/batch-write-row.ts";
import type { RowResult, TableResults } from "../../wire/operation/row-result.ts";
import { ServiceError } from "../../wire/service-error.ts";
import { answering, type CallContext } from "../call-context.ts";
import { failedRow } from "../failed-row.ts";
import { transactionOf } from "../open-transaction.ts";
import { invalidParameter } from "../validation/parameter.ts";
import { writeAtomically } from "../write-atomic.ts";
import { openChange, sizeOfChange, writeRow } from "../write-row.ts";

/**
 * Rows are judged in order, each on its own, and what passes is committed at once. What is wrong with the request itself refuses all of it, and
 * nothing is applied; what depends on a table or a row is that row's error.
 */
export const answerBatchWriteRow = answering(batchWriteRow, async (request, context) => {
  const writes = transactionOf(context, request.transactionId) ?? context.store;
  checkBatch(request);
  const rows = request.tables.reduce((sum, table) => sum + table.rows.length, 0);
  const bytes = request.tables.reduce((sum, table) => table.rows.reduce((inner, row) => inner + row.change.length, sum), 0);
  if (bytes > limits.writeBytesMax) checkSize(request);
  if (request.atomic === true) return { tables: await writeAtomically(request, writes, context) };
  const batch = writes.beginWrite(bytes + bytes / 2 + rows * 128);
  const now = context.clock.now();
  const tables = request.tables.map(({ tableName, rows: changes }): TableResults => {
    const table = tableOrError(context, tableName);
    return {
      tableName,
      rows: changes.map((write) => (table instanceof ServiceError ? refuseRow(write, table) : writeRow(batch, table, write, now))),
    };
  });
  await batch.commit();
  return { tables };
});

function refuseRow(write: BatchWriteRow, refusal: ServiceError): RowResult {
  openChange(write.type, write);
  return failedRow(refusal);
}

/** A missing table is the error of each of its rows (unverified whether the service refuses the whole request). */
function tableOrError(context: CallContext, name: string): Table | ServiceError {
  try {
    return context.store.catalogue.table(context.instance, name);
  } catch (thrown) {
    if (thrown instanceof ServiceError) return thrown;
    throw thrown;
  }
}

function checkBatch({ tables }: BatchWriteRowRequest): void {
  if (tables.length === 0) invalidParameter("No row is specified in BatchWriteRow.");
  const names = new Set<string>();
  let rows = 0;
  for (const { tableName, rows: writes } of tables) {
    if (names.has(tableName)) invalidParameter(`Duplicated table name: ${tableName}.`);
    names.add(tableName);
    if (writes.length === 0) invalidParameter(`No operation is specified for table: '${tableName}'.`);
    rows += writes.length;
  }
  if (rows > limits.batchWriteRowsMax) invalidParameter(`Rows count exceeds the upper limit: ${limits.batchWriteRowsMax}.`);
}

function checkSize({ tables }: BatchWriteRowRequest): void {
  const size = tables.reduce((sum, { rows }) => rows.reduce((inner, { change }) => inner + sizeOfChange(change), sum), 0);
  if (size <= limits.writeBytesMax) return;
  invalidParameter(
    `The total data size of BatchWriteRow request exceeds the limit, limit size: ${limits.writeBytesMax}, data size: ${size}.`,
  );
}
