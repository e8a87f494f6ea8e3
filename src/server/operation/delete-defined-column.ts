import { deleteDefinedColumn } from "../../wire/operation/delete-defined-column.ts";
import { answering } from "../call-context.ts";
import { withoutColumns } from "../validation/table.ts";

/** Cells of these columns stay, as cells of any column that is not defined. */
export const answerDeleteDefinedColumn = answering(deleteDefinedColumn, async ({ tableName, columns }, { store, instance }) => {
  const table = store.catalogue.table(instance, tableName);
  const definedColumns = withoutColumns(table.schema, columns);
  if (columns.length > 0) await store.catalogue.updateTable(table, { ...table.record, schema: { ...table.schema, definedColumns } });
  return {};
});
