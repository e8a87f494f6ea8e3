import { createTable } from "../../wire/operation/create-table.ts";
import { answering } from "../call-context.ts";
import { tableSchemaOf } from "../validation/table.ts";

export const answerCreateTable = answering(createTable, async (request, { store, instance }) => {
  await store.catalogue.createTable(instance, tableSchemaOf(request));
  return {};
});
