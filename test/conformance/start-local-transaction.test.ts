import { expect, it } from "vitest";
import { INF_MAX, INF_MIN } from "../../src/model/value.ts";
import { decodeRow } from "../../src/wire/plainbuffer/decode.ts";
import { deleteRequest, keyBytes, putRequest, refusalOf, tableRequest, updateRequest } from "./caller.ts";
import { describeEverywhere, describeOnDisk } from "./endpoints.ts";
import { twoKeys } from "./indexed-table.ts";
import { committed, conflict, createForTransactions, sessionMissing, TransactionCaller } from "./transaction-of.ts";

const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });
const switchedOff = invalid("Try to call method using explicit transaction on explicit-transaction-disabled table.");
const outOf = (text: string) => ({ status: 400, code: "OTSDataOutOfRange", text: `Data out of scope of transaction. ${text}` });

describeEverywhere("StartLocalTransaction", (open) => {
  it("begins a transaction that sees its own writes, and nobody else does", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    await caller.put("t", { pk: "a", n: 1n }, { c: "old" });
    await caller.put("t", { pk: "a", n: 2n }, { c: "gone" });
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.put("a", 1n, { c: "new" });
    await transaction.delete("a", 2n);
    await transaction.put("a", 3n, { c: "more" });
    const own = await Promise.all([1n, 2n, 3n, 4n].map((n) => transaction.get("a", n)));
    expect(own).toEqual([{ c: "new" }, undefined, { c: "more" }, undefined]);
    const others = await Promise.all([1n, 2n, 3n].map((n) => committed(caller, "a", n)));
    expect(others).toEqual([{ c: "old" }, { c: "gone" }, undefined]);
  });

  it("reads ranges of the partition key as its writes leave them, both ways and in pages", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    for (const n of [1n, 2n, 4n, 6n]) await caller.put("t", { pk: "a", n }, { c: `s${n}` });
    await caller.put("t", { pk: "b", n: 1n }, { c: "other" });
    const transaction = await TransactionCaller.start(caller, "a");
    for (const n of [0n, 2n, 3n, 7n]) await transaction.put("a", n, { c: `t${n}` });
    await transaction.delete("a", 4n);
    const low = { pk: "a", n: INF_MIN } as const;
    const high = { pk: "a", n: INF_MAX } as const;
    const all = ["0=t0", "1=s1", "2=t2", "3=t3", "6=s6", "7=t7"];
    expect(await transaction.range(low, high)).toEqual(all);
    expect(await transaction.range(high, low, "backward")).toEqual(all.toReversed());
    expect(await transaction.range(low, high, "forward", 2)).toEqual(["0=t0", "1=s1", "more"]);
    expect(await transaction.range({ pk: "a", n: 2n }, { pk: "a", n: 7n })).toEqual(["2=t2", "3=t3", "6=s6"]);
  });

  it("judges conditions and sums against its own writes", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.put("a", 1n, { c: 5n }, { existence: "expectNotExist" });
    const again = { ...putRequest("t", { pk: "a", n: 1n }, { c: 1n }, { existence: "expectNotExist" }), transactionId: transaction.id };
    expect(await caller.refusal("PutRow", again)).toEqual({ status: 403, code: "OTSConditionCheckFail", text: "Condition check failed." });
    const add = updateRequest("t", { pk: "a", n: 1n }, [{ op: "increment", name: "c", by: 2n }], undefined, {
      type: "afterModify",
      columns: ["c"],
    });
    const { row } = await caller.call("UpdateRow", { ...add, transactionId: transaction.id });
    expect(decodeRow(row!)!.cells[0]!.value).toBe(7n);
    expect(await transaction.get("a", 1n)).toEqual({ c: 7n });
  });

  it("takes batches, and tells the rows out of its scope in their places", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    await createForTransactions(caller, "u");
    await caller.createTable("plain", twoKeys);
    const transaction = await TransactionCaller.start(caller, "a");
    const change = (tableName: string, pk: string, n: bigint) => ({ ...putRequest(tableName, { pk, n }, { c: n }), type: "put" as const });
    const { tables } = await caller.call("BatchWriteRow", {
      tables: [
        { tableName: "t", rows: [change("t", "a", 1n), change("t", "b", 2n), change("t", "a", 3n)] },
        { tableName: "u", rows: [change("u", "a", 4n)] },
        { tableName: "plain", rows: [change("plain", "a", 5n)] },
      ],
      transactionId: transaction.id,
    });
    const results = tables.flatMap(({ rows }) => rows.map((row) => (row.ok ? "ok" : `${row.error.code} ${row.error.text}`)));
    expect(results).toEqual([
      "ok",
      "OTSDataOutOfRange Data out of scope of transaction. Transaction PartKey:a. Data PartKey:b",
      "ok",
      "OTSDataOutOfRange Data out of scope of transaction. Transaction Table:t. Data Table:u",
      `OTSParameterInvalid ${switchedOff.text}`,
    ]);
    expect(await Promise.all([1n, 3n].map((n) => transaction.get("a", n)))).toEqual([{ c: 1n }, { c: 3n }]);
    expect(await committed(caller, "a", 1n)).toBeUndefined();
  });

  it("takes an atomic batch whole or not at all", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    const write = (n: bigint, existence: "ignore" | "expectExist") => ({
      ...putRequest("t", { pk: "a", n }, { c: n }, { existence }),
      type: "put" as const,
    });
    const batch = (rows: ReturnType<typeof write>[]) =>
      caller.call("BatchWriteRow", { tables: [{ tableName: "t", rows }], transactionId: transaction.id, atomic: true });
    expect((await batch([write(1n, "ignore"), write(2n, "expectExist")])).tables[0]!.rows.map(({ ok }) => ok)).toEqual([false, false]);
    expect(await transaction.get("a", 1n)).toBeUndefined();
    expect((await batch([write(1n, "ignore"), write(1n, "expectExist")])).tables[0]!.rows.map(({ ok }) => ok)).toEqual([true, true]);
    expect(await transaction.get("a", 1n)).toEqual({ c: 1n });
  });

  it("refuses reads and writes of another partition key", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    const transactionId = transaction.id;
    const expected = outOf("Transaction PartKey:a. Data PartKey:b");
    const key = { pk: "b", n: 1n };
    const selection = { maxVersions: 1 };
    expect(await caller.refusal("GetRow", { tableName: "t", key: keyBytes(key), selection, transactionId })).toEqual(expected);
    expect(await caller.refusal("PutRow", { ...putRequest("t", key, { c: 1n }), transactionId })).toEqual(expected);
    const update = updateRequest("t", key, [{ op: "put", name: "c", value: 1n }]);
    expect(await caller.refusal("UpdateRow", { ...update, transactionId })).toEqual(expected);
    expect(await caller.refusal("DeleteRow", { ...deleteRequest("t", key), transactionId })).toEqual(expected);
    const beyond = transaction.rangeRequest({ pk: "a", n: INF_MIN }, { pk: "b", n: INF_MIN });
    expect(await caller.refusal("GetRange", beyond)).toEqual(expected);
    const whole = transaction.rangeRequest({ pk: INF_MIN, n: INF_MIN }, { pk: "a", n: INF_MAX });
    expect(await caller.refusal("GetRange", whole)).toEqual(outOf("Transaction PartKey:a. Data PartKey:INF_MIN"));
  });

  it("locks the partition key against other writers, and no other key", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    await createForTransactions(caller, "u");
    await TransactionCaller.start(caller, "a");
    const key = { pk: "a", n: 9n };
    expect(await caller.refusal("PutRow", putRequest("t", key, { c: 1n }))).toEqual(conflict);
    expect(await caller.refusal("UpdateRow", updateRequest("t", key, [{ op: "put", name: "c", value: 1n }]))).toEqual(conflict);
    expect(await caller.refusal("DeleteRow", deleteRequest("t", key))).toEqual(conflict);
    const put = (pk: string) => ({ ...putRequest("t", { pk, n: 9n }, { c: 1n }), type: "put" as const });
    const { tables } = await caller.call("BatchWriteRow", { tables: [{ tableName: "t", rows: [put("a"), put("b"), put("aa")] }] });
    expect(tables[0]!.rows.map((row) => (row.ok ? "ok" : row.error.code))).toEqual(["OTSRowOperationConflict", "ok", "ok"]);
    await caller.put("u", key, { c: 1n });
    expect(await committed(caller, "a", 9n)).toBeUndefined();
  });

  it("locks the partition key against other transactions", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    await TransactionCaller.start(caller, "a");
    expect(await caller.refusal("StartLocalTransaction", { tableName: "t", key: keyBytes({ pk: "a" }) })).toEqual(conflict);
    const other = await TransactionCaller.start(caller, "b");
    expect(await caller.refusal("PutRow", { ...putRequest("t", { pk: "a", n: 1n }, { c: 1n }), transactionId: other.id })).toMatchObject({
      code: "OTSDataOutOfRange",
    });
  });

  it("ends after 60 seconds without effect, however busy it was, and frees its key", async () => {
    const { caller, clock } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    await clock.advance(59_999);
    await transaction.put("a", 1n, { c: 1n });
    await clock.advance(1);
    expect(await caller.refusal("CommitTransaction", { transactionId: transaction.id })).toEqual(sessionMissing);
    const late = { ...putRequest("t", { pk: "a", n: 1n }, { c: 1n }), transactionId: transaction.id };
    expect(await caller.refusal("PutRow", late)).toEqual(sessionMissing);
    expect(await committed(caller, "a", 1n)).toBeUndefined();
    await caller.put("t", { pk: "a", n: 1n }, { c: 2n });
  });

  it("refuses ids that are none, and those of another instance", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    const { id } = await TransactionCaller.start(caller, "a");
    const get = (transactionId: string, by = caller) =>
      by.refusal("GetRow", { tableName: "t", key: keyBytes({ pk: "a", n: 1n }), selection: { maxVersions: 1 }, transactionId });
    expect(await get("none")).toEqual(invalid("TransactionID is invalid."));
    expect(await get("0".repeat(32))).toEqual(sessionMissing);
    expect(await get(id, caller.on("second"))).toEqual(sessionMissing);
    for (const name of ["CommitTransaction", "AbortTransaction"] as const) {
      expect(await caller.refusal(name, { transactionId: "" })).toEqual(invalid("TransactionID is invalid."));
      expect(await caller.on("second").refusal(name, { transactionId: id })).toEqual(sessionMissing);
    }
  });

  it("is refused on a table made without transactions", async () => {
    const { caller } = await open();
    await caller.createTable("t", twoKeys);
    expect(await caller.refusal("StartLocalTransaction", { tableName: "t", key: keyBytes({ pk: "a" }) })).toEqual(switchedOff);
  });

  it("is refused for a key that is not the table's first column alone", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    const start = (key: Parameters<typeof keyBytes>[0]) => caller.refusal("StartLocalTransaction", { tableName: "t", key: keyBytes(key) });
    const wrong = (text: string) => ({ status: 400, code: "OTSInvalidPK", text });
    expect(await start({ pk: "a", n: 1n })).toEqual(invalid("StartLocalTransaction support only one primary key."));
    expect(await start({ n: 1n })).toEqual(wrong("Validate PK name fail. Input: n, Meta: pk."));
    expect(await start({ pk: 1n })).toEqual(wrong("Validate PK type fail. Input: VT_INTEGER, Meta: VT_STRING."));
    expect(await start({ pk: INF_MIN })).toEqual(invalid("VT_INF_MIN is an invalid type for the primary key."));
    const bare = await caller.send("StartLocalTransaction", Uint8Array.of(0x0a, 1, 0x74, 0x12, 2, 3, 0));
    expect(refusalOf(bare)).toEqual(invalid("data format is invalid."));
  });

  it("is refused for a table that is not there", async () => {
    const { caller } = await open();
    const missing = { status: 404, code: "OTSObjectNotExist", text: "Requested table does not exist." };
    expect(await caller.refusal("StartLocalTransaction", { tableName: "t", key: keyBytes({ pk: "a" }) })).toEqual(missing);
  });

  it("knows nothing of a table that was deleted and made again", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.put("a", 1n, { c: 1n });
    await caller.call("DeleteTable", { tableName: "t" });
    await createForTransactions(caller);
    await caller.put("t", { pk: "a", n: 2n }, { c: 2n });
    const put = { ...putRequest("t", { pk: "a", n: 1n }, { c: 1n }), transactionId: transaction.id };
    expect(await caller.refusal("PutRow", put)).toMatchObject({ code: "OTSDataOutOfRange" });
    expect(await caller.refusal("CommitTransaction", { transactionId: transaction.id })).toMatchObject({ code: "OTSObjectNotExist" });
    expect(await committed(caller, "a", 1n)).toBeUndefined();
  });

  it("refuses what goes beyond 4 MB in all, and keeps what was written before", async () => {
    const { caller } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    const megabytes = (n: bigint, length: number) => transaction.put("a", n, { c: "x".repeat(length) });
    await megabytes(1n, 2_097_152);
    const rest = 4_194_304 - 2 * (2 + 1 + 1 + 8 + 1) - 2_097_152;
    const put = { ...putRequest("t", { pk: "a", n: 2n }, { c: "x".repeat(rest + 1) }), transactionId: transaction.id };
    const text = "The total data size of transaction exceeds the limit, limit size: 4194304, data size: 4194305.";
    expect(await caller.refusal("PutRow", put)).toEqual(invalid(text));
    await megabytes(2n, rest);
    await transaction.commit();
    expect(Object.keys((await committed(caller, "a", 2n))!)).toEqual(["c"]);
  });

  it("is refused for a table whose key the server completes", async () => {
    const { caller } = await open();
    const keys = twoKeys.map((column) => (column.type === "integer" ? { ...column, autoIncrement: true } : column));
    expect(await caller.refusal("CreateTable", { ...tableRequest("t", keys), localTransactions: true })).toEqual(
      invalid("AUTO_INCREMENT primary key can't be used when local transactions are enabled."),
    );
  });
});

describeOnDisk("Local transactions", (open) => {
  it("are gone after a restart, the table keeps the ability", async () => {
    const { caller, reopen } = await open();
    await createForTransactions(caller);
    const transaction = await TransactionCaller.start(caller, "a");
    await transaction.put("a", 1n, { c: 1n });
    const { caller: again } = await reopen();
    expect(await again.refusal("CommitTransaction", { transactionId: transaction.id })).toEqual(sessionMissing);
    expect(await committed(again, "a", 1n)).toBeUndefined();
    await (await TransactionCaller.start(again, "a")).put("a", 1n, { c: 2n });
  });
});
