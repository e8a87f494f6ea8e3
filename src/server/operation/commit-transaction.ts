import { commitTransaction } from "../../wire/operation/commit-transaction.ts";
import { answering } from "../call-context.ts";
import { openTransaction } from "../open-transaction.ts";

/** To commit once more is refused like any transaction that is over (unverified): who lost the reply must look at a row. */
export const answerCommitTransaction = answering(commitTransaction, async ({ transactionId }, context) => {
  await context.store.transactions.commit(openTransaction(context, transactionId));
  return {};
});
