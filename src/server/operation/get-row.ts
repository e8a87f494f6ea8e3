import { getRow } from "../../wire/operation/get-row.ts";
import { answering } from "../call-context.ts";
import { readCapacity } from "../capacity.ts";
import { openKey } from "../read-key.ts";
import { readableTable } from "../readable-table.ts";
import { checkKeyAgainst } from "../validation/key.ts";
import { checkSelection } from "../validation/selection.ts";
import { refuseTransaction } from "../validation/transaction.ts";

export const answerGetRow = answering(getRow, (request, { store, instance }) => {
  refuseTransaction(request.transactionId);
  checkSelection(request.selection);
  const key = openKey(request.key);
  const table = readableTable(store, instance, request.tableName);
  checkKeyAgainst(table.schema, key);
  const { row, size } = store.getRow(table, key, store.reader(table, request.selection));
  return { consumed: readCapacity(size), row };
});
