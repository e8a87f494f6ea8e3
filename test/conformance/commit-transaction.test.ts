import { expect, it } from "vitest";
import { decodeOriginRecord } from "../../src/wire/plainbuffer/decode-change.ts";
import { cellsOf, keyBytes, putRequest, tableRequest } from "./caller.ts";
import { describeEverywhere, describeOnDisk } from "./endpoints.ts";
import { byCity, indexedTable, twoKeys, wholeRange } from "./indexed-table.ts";
import { iteratorOf, recordText, streamIdOf } from "./stream-of.ts";
import { committed, createForTransactions, sessionMissing, TransactionCaller } from "./transaction-of.ts";

describeEverywhere("CommitTransaction", (open) => {
  it("shows everybody all that was written, and frees the key", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    await caller.put("t", { pk: "a", n: 2n }, { c: "gone" });
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.put("a", 1n, { c: "first" });
    await transaction.put("a", 1n, { c: "last" });
    await transaction.delete("a", 2n);
    await transaction.commit();
    expect(await Promise.all([1n, 2n].map((n) => committed(caller, "a", n)))).toEqual([{ c: "last" }, undefined]);
    await caller.put("t", { pk: "a", n: 2n }, { c: "after" });
    await (await TransactionCaller.start(caller, "a")).commit();
  });

  it("keeps the versions that the writes had within the transaction", async () => {
    const { caller, clock } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    const first = clock.now();
    await transaction.put("a", 1n, [
      { name: "c", value: "x" },
      { name: "d", value: "y", timestamp: first - 5 },
    ]);
    await clock.advance(1000);
    await transaction.put("a", 2n, { c: "z" });
    await clock.advance(1000);
    await transaction.commit();
    expect(cellsOf(await caller.get("t", { pk: "a", n: 1n }))).toEqual([`c@${first}=x`, `d@${first - 5}=y`]);
    expect(cellsOf(await caller.get("t", { pk: "a", n: 2n }))).toEqual([`c@${first + 1000}=z`]);
  });

  it("records the changes at once, in the order of the writes and behind whatever was written meanwhile", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", {
      ...tableRequest("t", twoKeys),
      localTransactions: true,
      stream: { enabled: true, expirationHours: 24, originColumns: ["c"] },
    });
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.put("a", 1n, { c: 1n });
    await transaction.put("a", 1n, { c: 2n });
    await caller.put("t", { pk: "b", n: 1n }, { c: 3n });
    await transaction.delete("a", 1n);
    const iterator = await iteratorOf(caller, await streamIdOf(caller, "t"));
    const records = async () => (await caller.call("GetStreamRecord", { shardIterator: iterator, limit: 9 })).records;
    expect((await records()).map(recordText)).toEqual(["put b 1 c=3"]);
    await transaction.commit();
    expect((await records()).map(recordText)).toEqual(["put b 1 c=3", "put a 1 c=1", "put a 1 c=2", "delete a 1"]);
    const before = (await records()).map(({ originRecord }) => decodeOriginRecord(originRecord!).cells.map(({ value }) => value));
    expect(before).toEqual([[], [], [1n], [2n]]);
  });

  it("records in the stream that is on when it is committed", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.put("a", 1n, { c: 1n });
    await caller.call("UpdateTable", { tableName: "t", stream: { enabled: true, expirationHours: 24, originColumns: [] } });
    const iterator = await iteratorOf(caller, await streamIdOf(caller, "t"));
    await transaction.commit();
    expect((await caller.call("GetStreamRecord", { shardIterator: iterator })).records.map(recordText)).toEqual(["put a 1 c=1"]);
  });

  it("shows in the table's indexes what it shows in the table, and nothing before", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", { ...indexedTable([byCity]), localTransactions: true });
    await caller.put("t", { pk: "a", n: 1n }, { city: "Rome" });
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.put("a", 1n, { city: "Oslo" });
    await transaction.put("a", 1n, { city: "Bern" });
    await transaction.put("a", 2n, { city: "Bonn" });
    const cities = async () => (await caller.range("by_city", ...wholeRange(["city", "pk", "n"]))).rows.map(({ key }) => key[0]!.value);
    expect(await cities()).toEqual(["Rome"]);
    const request = { tableName: "by_city", key: keyBytes({ city: "Rome", pk: "a", n: 1n }), selection: { maxVersions: 1 } };
    expect(await caller.refusal("GetRow", { ...request, transactionId: transaction.id })).toMatchObject({ code: "OTSParameterInvalid" });
    await transaction.commit();
    expect(await cities()).toEqual(["Bern", "Bonn"]);
  });

  it("ends the transaction: it cannot be committed, used or aborted again", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.commit();
    const { id: transactionId } = transaction;
    expect(await caller.refusal("CommitTransaction", { transactionId })).toEqual(sessionMissing);
    expect(await caller.refusal("AbortTransaction", { transactionId })).toEqual(sessionMissing);
    expect(await caller.refusal("PutRow", { ...putRequest("t", { pk: "a", n: 1n }, {}), transactionId })).toEqual(sessionMissing);
  });
});

describeOnDisk("CommitTransaction", (open) => {
  it("is durable when it is answered", async () => {
    const { caller, reopen } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.put("a", 1n, { c: 1n });
    await transaction.put("a", 2n, { c: 2n });
    await transaction.commit();
    const { caller: again } = await reopen();
    expect(await Promise.all([1n, 2n].map((n) => committed(again, "a", n)))).toEqual([{ c: 1n }, { c: 2n }]);
  });
});
