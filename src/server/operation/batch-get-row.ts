import { limits } from "../../model/limits.ts";
import type { RowReader } from "../../store/row-reader.ts";
import type { Table } from "../../store/table.ts";
import { batchGetRow, type BatchGetRowRequest, type BatchGetTable } from "../../wire/operation/batch-get-row.ts";
import type { RowResult, TableResults } from "../../wire/operation/row-result.ts";
import { answering, type CallContext } from "../call-context.ts";
import { readCapacity } from "../capacity.ts";
import { failedRow } from "../failed-row.ts";
import { openKey } from "../read-key.ts";
import { readableTable } from "../readable-table.ts";
import { checkKeyAgainst } from "../validation/key.ts";
import { invalidParameter } from "../validation/parameter.ts";
import { checkSelection } from "../validation/selection.ts";

/** What is wrong with the request itself refuses all of it; what depends on a table is the error of each of its rows. */
export const answerBatchGetRow = answering(batchGetRow, (request, context) => {
  checkBatch(request);
  return { tables: request.tables.map((wanted) => readTable(wanted, context)) };
});

function readTable(wanted: BatchGetTable, context: CallContext): TableResults {
  const { tableName, keys, selection } = wanted;
  try {
    const table = readableTable(context.store, context.instance, tableName);
    const reader = context.store.reader(table, selection);
    return { tableName, rows: keys.map((key) => readRow(key, table, reader, context)) };
  } catch (thrown) {
    const failure = failedRow(thrown);
    return { tableName, rows: keys.map(() => failure) };
  }
}

function readRow(bytes: Uint8Array, table: Table, reader: RowReader, { store }: CallContext): RowResult {
  const key = openKey(bytes);
  try {
    checkKeyAgainst(table.schema, key);
  } catch (thrown) {
    return failedRow(thrown);
  }
  const { row, size } = store.getRow(table, key, reader);
  return { ok: true, consumed: readCapacity(size), row };
}

function checkBatch({ tables }: BatchGetRowRequest): void {
  const names = new Set<string>();
  let rows = 0;
  for (const { tableName, keys, selection } of tables) {
    if (names.has(tableName)) invalidParameter(`Duplicated table name: ${tableName}.`);
    names.add(tableName);
    if (keys.length === 0) invalidParameter(`No operation is specified for table: '${tableName}'.`);
    checkSelection(selection);
    rows += keys.length;
  }
  if (rows === 0) invalidParameter("No row specified in the request of BatchGetRow.");
  if (rows > limits.batchGetRowsMax) invalidParameter(`Rows count exceeds the upper limit: ${limits.batchGetRowsMax}.`);
}
