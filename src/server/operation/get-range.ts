import { getRange } from "../../wire/operation/get-range.ts";
import { rowsWithNamedKeys } from "../../wire/plainbuffer/named-keys.ts";
import { answering } from "../call-context.ts";
import { readCapacity } from "../capacity.ts";
import { transactionOf } from "../open-transaction.ts";
import { readableTable } from "../readable-table.ts";
import { checkRange } from "../validation/key.ts";
import { invalidParameter } from "../validation/parameter.ts";
import { checkSelection } from "../validation/selection.ts";

export const answerGetRange = answering(getRange, async (request, context) => {
  const { store, instance } = context;
  const { selection, direction, limit } = request;
  const transaction = transactionOf(context, request.transactionId);
  checkSelection(selection);
  if (limit !== undefined && limit <= 0) invalidParameter("The limit must be greater than 0.");
  const table = readableTable(store, instance, request.tableName);
  const { start, end } = checkRange(table.schema, direction, request.start, request.end);
  transaction?.checkRange(table, start, end);
  const page = await store.readRange(table, { direction, start, end, limit, selection }, transaction);
  // Keys come whole unless told otherwise, and told so without columns to get it says nothing.
  const { columns = [] } = selection;
  const rows = request.entireKeys === false && columns.length > 0 ? rowsWithNamedKeys(page.rows, new Set(columns)) : page.rows;
  return { consumed: readCapacity(page.size), rows, nextStart: page.nextStart, blockType: "plainBuffer" as const };
});
