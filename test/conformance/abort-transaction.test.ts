import { expect, it } from "vitest";
import { describeEverywhere } from "./endpoints.ts";
import { committed, createForTransactions, sessionMissing, TransactionCaller } from "./transaction-of.ts";

describeEverywhere("AbortTransaction", (open) => {
  it("leaves everything as it was, and frees the key", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    await caller.put("t", { pk: "a", n: 1n }, { c: "old" });
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.put("a", 1n, { c: "new" });
    await transaction.put("a", 2n, { c: "more" });
    await transaction.abort();
    expect(await Promise.all([1n, 2n].map((n) => committed(caller, "a", n)))).toEqual([{ c: "old" }, undefined]);
    await caller.put("t", { pk: "a", n: 1n }, { c: "after" });
  });

  it("ends the transaction: it cannot be aborted, used or committed again", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.abort();
    const { id: transactionId } = transaction;
    expect(await caller.refusal("AbortTransaction", { transactionId })).toEqual(sessionMissing);
    expect(await caller.refusal("CommitTransaction", { transactionId })).toEqual(sessionMissing);
  });
});
