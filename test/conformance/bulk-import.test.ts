import { expect, it } from "vitest";
import type { RowChange } from "../../src/model/row.ts";
import { encodeChange } from "../../src/wire/plainbuffer/encode.ts";
import { keyBytes, tableRequest, valuesOf } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";
import { byCity, indexedTable, wholeRange } from "./indexed-table.ts";
import { createWithStream, iteratorOf, oneKey, recordText } from "./stream-of.ts";
import { createForTransactions, TransactionCaller } from "./transaction-of.ts";

const tableName = "t";
const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });
const keyOf = (pk: string) => [{ name: "pk", value: pk }];
const put = (pk: string, value: string | bigint): RowChange => ({ type: "put", key: keyOf(pk), cells: [{ name: "c", value }] });
const importOf = (changes: readonly RowChange[]) => ({
  tableName,
  rows: changes.map((change) => ({ type: change.type, change: encodeChange(change) })),
});

describeEverywhere("BulkImport", (open) => {
  it("puts, updates and deletes rows in order, whatever was there", async () => {
    const { caller } = await open();
    await caller.createTable(tableName, oneKey);
    await caller.put(tableName, { pk: "gone" }, { c: "x" });
    const reply = await caller.call(
      "BulkImport",
      importOf([
        put("a", "first"),
        put("a", "last"),
        { type: "update", key: keyOf("a"), cells: [{ op: "put", name: "d", value: 1n }] },
        { type: "delete", key: keyOf("gone") },
      ]),
    );
    const rows = Array.from({ length: 4 }, () => ({ ok: true, consumed: { read: 0, write: 1 } }));
    expect(reply).toEqual({ tableName, rows });
    expect(valuesOf(await caller.get(tableName, { pk: "a" }))).toEqual({ c: "last", d: 1n });
    expect(await caller.get(tableName, { pk: "gone" })).toBeUndefined();
  });

  it("tells what is wrong with a row in its place, and writes the others", async () => {
    const { caller } = await open();
    const request = tableRequest(tableName, oneKey);
    await caller.call("CreateTable", { ...request, meta: { ...request.meta, definedColumns: [{ name: "c", type: "string" }] } });
    const { rows } = await caller.call(
      "BulkImport",
      importOf([
        put("a", "x"),
        put("b", 1n),
        { type: "put", key: [{ name: "other", value: "x" }], cells: [] },
        { type: "put", key: keyOf("d"), cells: [{ name: "c", value: "x", timestamp: 1 }] },
        put("e", "x"),
      ]),
    );
    expect(rows.map((row) => (row.ok ? "ok" : `${row.error.code} ${row.error.text}`))).toEqual([
      "ok",
      "OTSParameterInvalid Invalid column type for column c expect VT_STRING actual VT_INTEGER",
      "OTSInvalidPK Validate PK name fail. Input: other, Meta: pk.",
      "OTSParameterInvalid Invalid timestamp. Cell: c, 1.",
      "ok",
    ]);
    const found = await caller.call("BatchGetRow", {
      tables: [{ tableName, keys: ["a", "b", "d", "e"].map((pk) => keyBytes({ pk })), tokens: [], selection: { maxVersions: 1 } }],
    });
    expect(found.tables[0]!.rows.map((row) => row.ok && row.row!.length > 0)).toEqual([true, false, false, true]);
  });

  it("leaves a record of every row in the table's stream", async () => {
    const { caller } = await open();
    const streamId = await createWithStream(caller, tableName);
    await caller.call("BulkImport", importOf([put("a", 1n), put("b", 2n), put("a", 3n)]));
    const { records } = await caller.call("GetStreamRecord", { shardIterator: await iteratorOf(caller, streamId) });
    expect(records.map(recordText)).toEqual(["put a c=1", "put b c=2", "put a c=3"]);
  });

  it("lays the rows' entries in the table's indexes, and none in an index by its name", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    const key = [...keyOf("a"), { name: "n", value: 1n }];
    await caller.call("BulkImport", importOf([{ type: "put", key, cells: [{ name: "city", value: "Oslo" }] }]));
    const { rows } = await caller.range("by_city", ...wholeRange(["city", "pk", "n"]));
    expect(rows.map((row) => row.key[0]!.value)).toEqual(["Oslo"]);
    const direct = await caller.call("BulkImport", { ...importOf([put("a", "x")]), tableName: "by_city" });
    expect(direct.rows).toEqual([{ ok: false, error: { code: "OTSParameterInvalid", text: "Can't write index table directly." } }]);
  });

  it("leaves rows alone that a transaction has locked", async () => {
    const { caller } = await open();
    await createForTransactions(caller, tableName);
    await TransactionCaller.start(caller, "a");
    const key = (pk: string) => [...keyOf(pk), { name: "n", value: 1n }];
    const { rows } = await caller.call("BulkImport", importOf(["a", "b"].map((pk) => ({ type: "put", key: key(pk), cells: [] }))));
    expect(rows.map((row) => (row.ok ? "ok" : row.error.code))).toEqual(["OTSRowOperationConflict", "ok"]);
  });

  it("takes 200 rows and no more", async () => {
    const { caller } = await open();
    await caller.createTable(tableName, oneKey);
    const many = (count: number) => importOf(Array.from({ length: count }, (_, at) => put(`k${at}`, "x")));
    expect((await caller.call("BulkImport", many(200))).rows.every(({ ok }) => ok)).toBe(true);
    expect(await caller.refusal("BulkImport", many(201))).toEqual(invalid("Rows count exceeds the upper limit: 200."));
  });

  it("takes 4 MB of names and values and no more", async () => {
    const { caller } = await open();
    await caller.createTable(tableName, oneKey);
    const half = 2_097_152 - 4;
    const two = (more: number) => importOf([put("a", "x".repeat(half)), put("b", "x".repeat(half + more))]);
    expect((await caller.call("BulkImport", two(0))).rows.map(({ ok }) => ok)).toEqual([true, true]);
    expect(await caller.refusal("BulkImport", two(1))).toEqual(
      invalid("The total data size of BulkImport request exceeds the limit, limit size: 4194304, data size: 4194305."),
    );
  });

  it("refuses no rows, a missing table, and a row that is none, and writes nothing then", async () => {
    const { caller } = await open();
    expect(await caller.refusal("BulkImport", importOf([put("a", "x")]))).toMatchObject({ status: 404, code: "OTSObjectNotExist" });
    await caller.createTable(tableName, oneKey);
    expect(await caller.refusal("BulkImport", importOf([]))).toEqual(invalid("No row is specified in BulkImport."));
    const { rows } = importOf([put("a", "x")]);
    const broken = { tableName, rows: [...rows, { type: "put" as const, change: Uint8Array.of(1) }] };
    expect(await caller.refusal("BulkImport", broken)).toEqual(invalid("data format is invalid."));
    expect(await caller.get(tableName, { pk: "a" })).toBeUndefined();
  });
});
