import { expect, it } from "vitest";
import type { RowChange } from "../../src/model/row.ts";
import type { WriteCondition } from "../../src/model/condition.ts";
import { limits } from "../../src/model/limits.ts";
import type { RowResult } from "../../src/wire/operation/row-result.ts";
import { decodeRow } from "../../src/wire/plainbuffer/decode.ts";
import { encodeChange } from "../../src/wire/plainbuffer/encode.ts";
import { valuesOf } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";

const oneKey = [{ name: "pk", type: "string" }] as const;
const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });
const key = (value: string) => [{ name: "pk", value }];
const change = (of: RowChange, condition: WriteCondition = { existence: "ignore" }) => ({
  type: of.type,
  change: encodeChange(of),
  condition,
});
const put = (pk: string, value: bigint | string, condition?: WriteCondition) =>
  change({ type: "put", key: key(pk), cells: [{ name: "c", value }] }, condition);
const outcomes = (rows: readonly RowResult[]) => rows.map((row) => (row.ok ? "ok" : `${row.error.code} ${row.error.text}`));

describeEverywhere("BatchWriteRow", (open) => {
  it("puts, updates and deletes rows of several tables, and answers in the order asked", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.createTable("u", oneKey);
    await caller.put("u", { pk: "gone" }, { c: 1n });
    const { tables } = await caller.call("BatchWriteRow", {
      tables: [
        { tableName: "u", rows: [change({ type: "delete", key: key("gone") }), put("x", 1n)] },
        {
          tableName: "t",
          rows: [put("a", 1n), change({ type: "update", key: key("b"), cells: [{ op: "increment", name: "c", by: 2n }] })],
        },
      ],
    });
    expect(tables.map(({ tableName, rows }) => [tableName, outcomes(rows)])).toEqual([
      ["u", ["ok", "ok"]],
      ["t", ["ok", "ok"]],
    ]);
    expect(tables[0]!.rows[1]).toMatchObject({ consumed: { read: 0, write: 1 } });
    expect(await caller.get("u", { pk: "gone" })).toBeUndefined();
    expect(valuesOf(await caller.get("t", { pk: "b" }))).toEqual({ c: 2n });
  });

  it("fails single rows in place and applies the others", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const { tables } = await caller.call("BatchWriteRow", {
      tables: [
        {
          tableName: "t",
          rows: [
            put("a", 1n),
            put("b", 1n, { existence: "expectExist" }),
            change({ type: "put", key: [{ name: "other", value: "x" }], cells: [] }),
            put("c", 1n),
          ],
        },
        { tableName: "nope", rows: [put("a", 1n)] },
      ],
    });
    expect(outcomes(tables[0]!.rows)).toEqual([
      "ok",
      "OTSConditionCheckFail Condition check failed.",
      "OTSInvalidPK Validate PK name fail. Input: other, Meta: pk.",
      "ok",
    ]);
    expect(outcomes(tables[1]!.rows)).toEqual(["OTSObjectNotExist Requested table does not exist."]);
    expect(valuesOf(await caller.get("t", { pk: "c" }))).toEqual({ c: 1n });
    expect(await caller.get("t", { pk: "b" })).toBeUndefined();
  });

  it("applies changes of one row in order, each seeing those before it", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const increment = change({ type: "update", key: key("a"), cells: [{ op: "increment", name: "c", by: 1n }] });
    const { tables } = await caller.call("BatchWriteRow", {
      tables: [
        {
          tableName: "t",
          rows: [
            put("a", 5n),
            increment,
            increment,
            put("b", 1n),
            change({ type: "delete", key: key("b") }),
            put("b", 2n, { existence: "expectNotExist" }),
          ],
        },
      ],
    });
    expect(outcomes(tables[0]!.rows)).toEqual(["ok", "ok", "ok", "ok", "ok", "ok"]);
    expect(valuesOf(await caller.get("t", { pk: "a" }))).toEqual({ c: 7n });
    expect(valuesOf(await caller.get("t", { pk: "b" }))).toEqual({ c: 2n });
  });

  it("refuses the whole request for what is wrong with it, and applies nothing", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const refused = (...rows: ReturnType<typeof change>[]) => caller.refusal("BatchWriteRow", { tables: [{ tableName: "t", rows }] });
    const badName = change({ type: "put", key: key("b"), cells: [{ name: "-", value: 1n }] });
    expect(await refused(put("a", 1n), badName)).toEqual(invalid("Invalid column name: '-'."));
    expect(await refused(put("a", 1n), put("b", Number.NaN as never))).toEqual(invalid("NaN can't be set to double value."));
    expect(await caller.get("t", { pk: "a" })).toBeUndefined();
  });

  it("judges each row by its own names, however much they resemble those of the row before it", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.createTable("u", [{ name: "pd", type: "string" }]);
    const row = (keyName: string, cellName: string) =>
      change({ type: "put", key: [{ name: keyName, value: "a" }], cells: [{ name: cellName, value: 1n }] });
    const refused = (...rows: ReturnType<typeof change>[]) => caller.refusal("BatchWriteRow", { tables: [{ tableName: "t", rows }] });
    expect(await refused(row("pk", "qk"), row("pk", "qk"), row("pk", "q-"))).toEqual(invalid("Invalid column name: 'q-'."));
    expect(await refused(row("pk", "qk"), row("pk", "pk"))).toEqual(
      invalid("Duplicated attribute column name with primary key column: pk."),
    );
    const { tables } = await caller.call("BatchWriteRow", {
      tables: [
        { tableName: "t", rows: [row("pk", "qk"), row("pk", "qk"), row("pd", "qk")] },
        { tableName: "u", rows: [row("pd", "qk"), row("pk", "qk")] },
      ],
    });
    expect(tables.map(({ rows }) => outcomes(rows))).toEqual([
      ["ok", "ok", "OTSInvalidPK Validate PK name fail. Input: pd, Meta: pk."],
      ["ok", "OTSInvalidPK Validate PK name fail. Input: pk, Meta: pd."],
    ]);
  });

  it("refuses too many rows, too many bytes, no rows and a table named twice", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const refused = (rows: ReturnType<typeof change>[], tableNames = ["t"]) =>
      caller.refusal("BatchWriteRow", { tables: tableNames.map((tableName) => ({ tableName, rows })) });
    const rows = (count: number) => Array.from({ length: count }, (_, i) => put(`k${i}`, 1n));
    expect(await refused(rows(201))).toEqual(invalid("Rows count exceeds the upper limit: 200."));
    expect(await refused([])).toEqual(invalid("No operation is specified for table: 't'."));
    expect(await refused(rows(1), [])).toEqual(invalid("No row is specified in BatchWriteRow."));
    expect(await refused(rows(1), ["t", "t"])).toEqual(invalid("Duplicated table name: t."));
    // Two rows count 4 bytes of key and column beside the value: pk, k, c.
    const half = limits.writeBytesMax / 2 - 4;
    expect(await refused([put("k", "x".repeat(half)), put("l", "x".repeat(half + 1))])).toEqual(
      invalid("The total data size of BatchWriteRow request exceeds the limit, limit size: 4194304, data size: 4194305."),
    );
    await caller.call("BatchWriteRow", { tables: [{ tableName: "t", rows: [put("k", "x".repeat(half)), put("l", "x".repeat(half))] }] });
    expect((await caller.call("BatchWriteRow", { tables: [{ tableName: "t", rows: rows(200) }] })).tables[0]!.rows).toHaveLength(200);
  });

  it("answers keys and sums where asked", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const { tables } = await caller.call("BatchWriteRow", {
      tables: [
        {
          tableName: "t",
          rows: [
            { ...put("a", 1n), returnContent: { type: "key", columns: [] } },
            { ...change({ type: "delete", key: key("b") }), returnContent: { type: "key", columns: [] } },
            {
              ...change({ type: "update", key: key("a"), cells: [{ op: "increment", name: "c", by: 1n }] }),
              returnContent: { type: "afterModify", columns: ["c"] },
            },
          ],
        },
      ],
    });
    const rows = tables[0]!.rows.map((row) => (row.ok && row.row !== undefined ? decodeRow(row.row) : undefined));
    expect(rows.map((row) => [row?.key, valuesOf(row)])).toEqual([
      [key("a"), {}],
      [key("b"), {}],
      [key("a"), { c: 2n }],
    ]);
  });

  it("applies an atomic batch whole or not at all", async () => {
    const { caller } = await open();
    await caller.createTable("t", [oneKey[0], { name: "n", type: "integer" }]);
    const row = (pk: string, n: bigint, condition?: WriteCondition) =>
      change(
        {
          type: "put",
          key: [
            { name: "pk", value: pk },
            { name: "n", value: n },
          ],
          cells: [],
        },
        condition,
      );
    const atomic = async (...rows: ReturnType<typeof row>[]) =>
      outcomes((await caller.call("BatchWriteRow", { tables: [{ tableName: "t", rows }], atomic: true })).tables[0]!.rows);
    expect(await atomic(row("a", 1n), row("a", 2n))).toEqual(["ok", "ok"]);
    expect(await atomic(row("a", 3n), row("b", 4n))).toEqual(
      Array(2).fill("OTSDataOutOfRange Data out of scope of atomic. Atomic PartKey:a. Data PartKey:b"),
    );
    expect(await atomic(row("a", 5n), row("a", 1n, { existence: "expectNotExist" }))).toEqual(
      Array(2).fill("OTSConditionCheckFail Condition check failed."),
    );
    expect(await caller.get("t", { pk: "a", n: 3n })).toBeUndefined();
    expect(await caller.get("t", { pk: "a", n: 5n })).toBeUndefined();
  });
});
