import { createIndex } from "../../wire/operation/create-index.ts";
import { answering } from "../call-context.ts";
import { checkIndexAgainst, indexSchemaOf } from "../validation/secondary-index.ts";

/** The index is written from here on; rows that are there already follow in the background where they are asked for. */
export const answerCreateIndex = answering(createIndex, async (request, { store, instance }) => {
  const index = indexSchemaOf(request.index);
  const table = store.catalogue.table(instance, request.mainTableName);
  checkIndexAgainst(table.schema, index);
  await store.createIndex(table, index, { includeBase: request.includeBaseData === true });
  return {};
});
