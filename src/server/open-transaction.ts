import type { Transaction } from "../store/transaction.ts";
import type { CallContext } from "./call-context.ts";
import { invalidParameter } from "./validation/parameter.ts";

/** What `Chance.id` makes. */
const transactionId = /^[0-9a-f]{32}$/;

/** The transaction of this id. @throws OTSParameterInvalid for what is none, OTSSessionNotExist for one that is not open (reference 7.5) */
export function openTransaction({ store, instance }: CallContext, id: string): Transaction {
  if (!transactionId.test(id)) invalidParameter("TransactionID is invalid.");
  return store.transactions.find(instance, id);
}

/** The transaction a request on rows belongs to; undefined where it names none. @throws as `openTransaction` */
export function transactionOf(context: CallContext, id: string | undefined): Transaction | undefined {
  return id === undefined || id === "" ? undefined : openTransaction(context, id);
}
