import { expect, it } from "vitest";
import type { RowResult } from "../../src/wire/operation/row-result.ts";
import { decodeRow } from "../../src/wire/plainbuffer/decode.ts";
import { keyBytes, valuesOf } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";

const oneKey = [{ name: "pk", type: "string" }] as const;
const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });
const want = (tableName: string, keys: readonly string[], columns?: readonly string[]) => ({
  tableName,
  keys: keys.map((pk) => keyBytes({ pk })),
  tokens: [],
  selection: { maxVersions: 1, columns },
});
const found = (rows: readonly RowResult[]) =>
  rows.map((row) => (row.ok ? valuesOf(decodeRow(row.row!)) : `${row.error.code} ${row.error.text}`));

describeEverywhere("BatchGetRow", (open) => {
  it("reads rows of several tables in the order asked, with nothing in the place of a missing one", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.createTable("u", oneKey);
    await caller.put("t", { pk: "a" }, { c: 1n, d: 2n });
    await caller.put("u", { pk: "b" }, { c: 3n });
    const { tables } = await caller.call("BatchGetRow", { tables: [want("u", ["x", "b", "b"]), want("t", ["a"], ["d"])] });
    expect(tables.map(({ tableName, rows }) => [tableName, found(rows)])).toEqual([
      ["u", [undefined, { c: 3n }, { c: 3n }]],
      ["t", [{ d: 2n }]],
    ]);
    expect(tables[0]!.rows[0]).toMatchObject({ ok: true, consumed: { read: 1, write: 0 } });
  });

  it("fails the rows of a missing table, and keys that do not fit, in place", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const bad = { ...want("t", ["a"]), keys: [keyBytes({ other: "a" }), keyBytes({ pk: "a" })] };
    const { tables } = await caller.call("BatchGetRow", { tables: [want("nope", ["a", "b"]), bad] });
    expect(tables.map(({ rows }) => found(rows))).toEqual([
      Array(2).fill("OTSObjectNotExist Requested table does not exist."),
      ["OTSInvalidPK Validate PK name fail. Input: other, Meta: pk.", undefined],
    ]);
  });

  it("refuses too many rows, none, and a selection that cannot be", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}`);
    expect((await caller.call("BatchGetRow", { tables: [want("t", keys(100))] })).tables[0]!.rows).toHaveLength(100);
    expect(await caller.refusal("BatchGetRow", { tables: [want("t", keys(101))] })).toEqual(
      invalid("Rows count exceeds the upper limit: 100."),
    );
    expect(await caller.refusal("BatchGetRow", { tables: [] })).toEqual(invalid("No row specified in the request of BatchGetRow."));
    expect(await caller.refusal("BatchGetRow", { tables: [want("t", [])] })).toEqual(invalid("No operation is specified for table: 't'."));
    expect(await caller.refusal("BatchGetRow", { tables: [want("t", ["a"]), want("t", ["b"])] })).toEqual(
      invalid("Duplicated table name: t."),
    );
    expect(await caller.refusal("BatchGetRow", { tables: [{ ...want("t", ["a"]), selection: {} }] })).toEqual(
      invalid("No version condition is specified while querying row."),
    );
  });
});
