import { addDefinedColumn } from "../../wire/operation/add-defined-column.ts";
import { answering } from "../call-context.ts";
import { withColumns } from "../validation/table.ts";

/** Rows that are there are not looked at: only what is written from now on must have the types (unverified whether the service looks). */
export const answerAddDefinedColumn = answering(addDefinedColumn, async ({ tableName, columns }, { store, instance }) => {
  const table = store.catalogue.table(instance, tableName);
  const definedColumns = withColumns(table.schema, columns);
  if (columns.length > 0) await store.catalogue.updateTable(table, { ...table.record, schema: { ...table.schema, definedColumns } });
  return {};
});
