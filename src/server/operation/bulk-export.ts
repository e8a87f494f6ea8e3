import { bulkExport } from "../../wire/operation/bulk-export.ts";
import { encodeMatrix } from "../../wire/plainbuffer/row-matrix.ts";
import { answering } from "../call-context.ts";
import { readCapacity } from "../capacity.ts";
import { readableTable } from "../readable-table.ts";
import { checkRange } from "../validation/key.ts";
import { checkColumnName } from "../validation/name.ts";
import { invalidParameter } from "../validation/parameter.ts";
import { checkSelection } from "../validation/selection.ts";

/**
 * A page of a range, forward, the newest version of each column, in the layout asked for: clients read it without looking at what they got (reference 3.8).
 * A row with none of the columns is left out, as by GetRange; fields stand in the order of the request (both unverified).
 */
export const answerBulkExport = answering(bulkExport, async (request, { store, instance }) => {
  const { tableName, columns, filter, blockType = "simpleRowMatrix" } = request;
  if (blockType === "simpleRowMatrix") checkFields(columns);
  const selection = { columns, maxVersions: 1, filter };
  checkSelection(selection);
  const table = readableTable(store, instance, tableName);
  const { start, end } = checkRange(table.schema, "forward", request.start, request.end);
  const { rows, nextStart, size } = await store.readRange(table, { direction: "forward", start, end, selection });
  const page = { consumed: readCapacity(size), nextStart, blockType };
  if (blockType === "plainBuffer") return { ...page, rows };
  const keys = table.schema.key.map(({ name }) => name);
  const others = [...new Set(columns)].filter((name) => !keys.includes(name));
  return { ...page, rows: encodeMatrix(rows, keys, others) };
});

/** A matrix has room for the lengths of names, not for those of everything that may stand in a request. */
function checkFields(columns: readonly string[]): void {
  if (columns.length === 0) invalidParameter("DBT_SIMPLE_ROW_MATRIX need at least one column to get.");
  for (const column of columns) checkColumnName(column);
}
