import { startLocalTransaction } from "../../wire/operation/start-local-transaction.ts";
import { answering } from "../call-context.ts";
import { openKey } from "../read-key.ts";
import { checkPartitionKey } from "../validation/key.ts";

export const answerStartLocalTransaction = answering(startLocalTransaction, async (request, { store, instance, chance }) => {
  const key = openKey(request.key);
  const table = store.catalogue.table(instance, request.tableName);
  checkPartitionKey(table.schema, key);
  const transactionId = chance.id();
  await store.transactions.start(table, key, transactionId);
  return { transactionId };
});
