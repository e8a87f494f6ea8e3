import { expect, it } from "vitest";
import { INF_MAX, INF_MIN, type Value } from "../../src/model/value.ts";
import type { RequestOf } from "../../src/wire/operation/operations.ts";
import { decodeRealKey, decodeRows } from "../../src/wire/plainbuffer/decode.ts";
import { decodeMatrix } from "../../src/wire/plainbuffer/row-matrix.ts";
import { type Caller, keyBytes, valuesOf } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";
import { byCity, indexedTable, wholeRange } from "./indexed-table.ts";

const tableName = "t";
const twoKeys = [
  { name: "a", type: "string" },
  { name: "b", type: "integer" },
] as const;
const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });
const exportOf = (more: Partial<RequestOf<"BulkExport">> = {}): RequestOf<"BulkExport"> => ({
  tableName,
  columns: ["c"],
  start: keyBytes({ a: INF_MIN, b: INF_MIN }),
  end: keyBytes({ a: INF_MAX, b: INF_MAX }),
  ...more,
});
const matrixOf = async (caller: Caller, more: Partial<RequestOf<"BulkExport">> = {}) =>
  decodeMatrix((await caller.call("BulkExport", exportOf(more))).rows);

describeEverywhere("BulkExport", (open) => {
  it("answers a matrix of the key and the columns asked for, in their order, unless told otherwise", async () => {
    const { caller } = await open();
    await caller.createTable(tableName, twoKeys, { maxVersions: 2 });
    const values: Record<string, Value> = { c: 1.5, d: true, e: Uint8Array.of(0, 255), f: "é", g: -1n, h: "not asked for" };
    await caller.put(tableName, { a: "x", b: 2n }, { c: "old" });
    await caller.put(tableName, { a: "x", b: 2n }, values);
    await caller.put(tableName, { a: "x", b: 1n }, { c: 7n });
    const reply = await caller.call("BulkExport", exportOf({ columns: ["g", "f", "e", "d", "c"] }));
    expect(reply).toEqual({ blockType: "simpleRowMatrix", consumed: { read: 1, write: 0 }, rows: reply.rows });
    expect(decodeMatrix(reply.rows)).toEqual({
      keys: ["a", "b"],
      columns: ["g", "f", "e", "d", "c"],
      rows: [
        { key: ["x", 1n], values: [undefined, undefined, undefined, undefined, 7n] },
        { key: ["x", 2n], values: [-1n, "é", Uint8Array.of(0, 255), true, 1.5] },
      ],
    });
  });

  it("answers a whole block where there are no rows", async () => {
    const { caller } = await open();
    await caller.createTable(tableName, twoKeys);
    expect(await matrixOf(caller)).toEqual({ keys: ["a", "b"], columns: ["c"], rows: [] });
  });

  it("answers PlainBuffer where that is asked for, with every column where none is named", async () => {
    const { caller, clock } = await open();
    await caller.createTable(tableName, twoKeys, { maxVersions: 2 });
    const none = await caller.call("BulkExport", exportOf({ columns: [], blockType: "plainBuffer" }));
    expect([none.rows.length, none.blockType]).toEqual([0, "plainBuffer"]);
    await caller.put(tableName, { a: "x", b: 1n }, { c: "old", d: "x" });
    await clock.advance(5);
    await caller.update(tableName, { a: "x", b: 1n }, [{ op: "put", name: "c", value: "new" }]);
    const { rows } = await caller.call("BulkExport", exportOf({ columns: [], blockType: "plainBuffer" }));
    const [row] = decodeRows(rows);
    expect(row!.cells.map(({ name, value }) => [name, value])).toEqual([
      ["c", "new"],
      ["d", "x"],
    ]);
    const named = await caller.call("BulkExport", exportOf({ columns: ["d"], blockType: "plainBuffer" }));
    expect(valuesOf(decodeRows(named.rows)[0])).toEqual({ d: "x" });
  });

  it("leaves out rows that have none of the columns, unless a key column is named", async () => {
    const { caller } = await open();
    await caller.createTable(tableName, twoKeys);
    await caller.put(tableName, { a: "x", b: 1n }, { c: 1n });
    await caller.put(tableName, { a: "x", b: 2n }, { d: 2n });
    expect((await matrixOf(caller)).rows).toEqual([{ key: ["x", 1n], values: [1n] }]);
    expect(await matrixOf(caller, { columns: ["b", "c", "c"] })).toEqual({
      keys: ["a", "b"],
      columns: ["c"],
      rows: [
        { key: ["x", 1n], values: [1n] },
        { key: ["x", 2n], values: [undefined] },
      ],
    });
  });

  it("keeps to its range and its filter", async () => {
    const { caller } = await open();
    await caller.createTable(tableName, twoKeys);
    for (let b = 0n; b < 6n; b++) await caller.put(tableName, { a: "x", b }, { c: b % 2n });
    const range = { start: keyBytes({ a: "x", b: 1n }), end: keyBytes({ a: "x", b: 5n }) };
    const numbers = async (more: Partial<RequestOf<"BulkExport">>) => (await matrixOf(caller, more)).rows.map(({ key }) => key[1]);
    expect(await numbers(range)).toEqual([1n, 2n, 3n, 4n]);
    const filter = { type: "column", name: "c", comparator: "equal", value: 1n, filterIfMissing: true, latestVersionOnly: true } as const;
    expect(await numbers({ ...range, filter })).toEqual([1n, 3n]);
  });

  it("reads an index as a table of its own name", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    await caller.put("t", { pk: "a", n: 1n }, { city: "Oslo", age: 5n });
    const [start, end] = wholeRange(["city", "pk", "n"]);
    const bounds = { start: keyBytes(start), end: keyBytes(end) };
    expect((await matrixOf(caller, { tableName: "by_city", columns: ["city"], ...bounds })).rows).toEqual([
      { key: ["Oslo", "a", 1n], values: [] },
    ]);
  });

  it("goes on in pages of 5,000 rows, from the key it tells", async () => {
    const { caller } = await open();
    await caller.createTable(tableName, twoKeys);
    for (let from = 0; from < 5002; from += 200) {
      const rows = Array.from({ length: Math.min(200, 5002 - from) }, (_, at) => ({
        key: { a: "x", b: BigInt(from + at) },
        cells: { c: 1n },
      }));
      await caller.writeBatch(tableName, rows);
    }
    const first = await caller.call("BulkExport", exportOf());
    expect(decodeMatrix(first.rows).rows).toHaveLength(5000);
    expect(decodeRealKey(first.nextStart!).map(({ value }) => value)).toEqual(["x", 5000n]);
    const second = await caller.call("BulkExport", exportOf({ start: first.nextStart! }));
    expect(decodeMatrix(second.rows).rows.map(({ key }) => key[1])).toEqual([5000n, 5001n]);
    expect(second.nextStart).toBeUndefined();
  });

  it("refuses a matrix without columns, or of columns that cannot be", async () => {
    const { caller } = await open();
    await caller.createTable(tableName, twoKeys);
    const none = invalid("DBT_SIMPLE_ROW_MATRIX need at least one column to get.");
    expect(await caller.refusal("BulkExport", exportOf({ columns: [] }))).toEqual(none);
    expect(await caller.refusal("BulkExport", exportOf({ columns: [], blockType: "simpleRowMatrix" }))).toEqual(none);
    expect(await caller.refusal("BulkExport", exportOf({ columns: ["c", "0"] }))).toEqual(invalid("Invalid column name: '0'."));
    const columns = Array.from({ length: 1025 }, (_, at) => `c${at}`);
    expect(await caller.refusal("BulkExport", exportOf({ columns }))).toEqual(
      invalid("The number of columns from the request exceeds the limit, limit count: 1024, column count: 1025."),
    );
  });

  it("refuses ranges that are none, and tables that are not there", async () => {
    const { caller } = await open();
    expect(await caller.refusal("BulkExport", exportOf())).toMatchObject({ status: 404, code: "OTSObjectNotExist" });
    await caller.createTable(tableName, twoKeys);
    const { start, end } = exportOf();
    expect(await caller.refusal("BulkExport", exportOf({ start: end, end: start }))).toEqual(
      invalid("Begin key must less than end key in FORWARD"),
    );
    expect(await caller.refusal("BulkExport", exportOf({ start: keyBytes({ a: INF_MIN }) }))).toEqual({
      status: 400,
      code: "OTSInvalidPK",
      text: "Validate PK size fail. Input: 1, Meta: 2.",
    });
  });
});
