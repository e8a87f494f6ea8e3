import { createTable } from "../../wire/operation/create-table.ts";
import { cutsAt } from "../../store/partitions.ts";
import { answering } from "../call-context.ts";
import { partitionCutsOf, tableSchemaOf } from "../validation/table.ts";

export const answerCreateTable = answering(createTable, async (request, { store, instance }) => {
  const schema = tableSchemaOf(request);
  await store.catalogue.createTable(instance, schema, cutsAt(schema, partitionCutsOf(request)));
  return {};
});
