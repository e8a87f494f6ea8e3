import { deleteTable } from "../../wire/operation/delete-table.ts";
import { answering } from "../call-context.ts";

export const answerDeleteTable = answering(deleteTable, async ({ tableName }, { store, instance }) => {
  await store.deleteTable(instance, tableName);
  return {};
});
