import { abortTransaction } from "../../wire/operation/abort-transaction.ts";
import { answering } from "../call-context.ts";
import { openTransaction } from "../open-transaction.ts";

export const answerAbortTransaction = answering(abortTransaction, ({ transactionId }, context) => {
  context.store.transactions.abort(openTransaction(context, transactionId));
  return {};
});
