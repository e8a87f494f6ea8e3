import { getRow } from "../../wire/operation/get-row.ts";
import { answering } from "../call-context.ts";
import { readCapacity } from "../capacity.ts";
import { transactionOf } from "../open-transaction.ts";
import { openKey } from "../read-key.ts";
import { readableTable } from "../readable-table.ts";
import { checkKeyAgainst } from "../validation/key.ts";
import { checkSelection } from "../validation/selection.ts";

export const answerGetRow = answering(getRow, (request, context) => {
  const { store, instance } = context;
  const transaction = transactionOf(context, request.transactionId);
  checkSelection(request.selection);
  const key = openKey(request.key);
  const table = readableTable(store, instance, request.tableName);
  checkKeyAgainst(table.schema, key);
  transaction?.checkScope(table, key);
  const { row, size } = store.getRow(table, key, store.reader(table, request.selection), transaction);
  return { consumed: readCapacity(size), row };
});
