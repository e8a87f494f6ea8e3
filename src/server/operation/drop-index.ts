import { dropIndex } from "../../wire/operation/drop-index.ts";
import { answering } from "../call-context.ts";

/** An index that is not there, or of another table, is refused as a missing table is (unverified). */
export const answerDropIndex = answering(dropIndex, async ({ mainTableName, indexName }, { store, instance }) => {
  await store.dropIndex(store.catalogue.table(instance, mainTableName), indexName);
  return {};
});
