import TableStore from "tablestore";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { any, long, openSdk, refusal, shown } from "./sdk-endpoint.ts";

/** The official Node SDK against the embedded server: one case a line, each the reference's expected row or error. */
let sdk: Awaited<ReturnType<typeof openSdk>>;
let table = "";
let count = 0;

const key = (a: string, b: number | string) => [{ a }, { b: long(b) }];
const put = (a: string, b: number, attributeColumns: unknown[], more: object = {}) =>
  sdk.client.putRow({ tableName: table, condition: any(), primaryKey: key(a, b), attributeColumns, ...more });
const get = (a: string, b: number, more: object = {}) =>
  sdk.client.getRow({ tableName: table, primaryKey: key(a, b), maxVersions: 1, ...more });
const update = (a: string, b: number, updateOfAttributeColumns: unknown[], more: object = {}) =>
  sdk.client.updateRow({ tableName: table, condition: any(), primaryKey: key(a, b), updateOfAttributeColumns, ...more });
const equal = (name: string, value: unknown, passIfMissing = true) =>
  new TableStore.SingleColumnCondition(name, value, TableStore.ComparatorType.EQUAL, passIfMissing);
const compare = (name: string, value: unknown, comparator: string) =>
  new TableStore.SingleColumnCondition(name, value, TableStore.ComparatorType[comparator], false);
const composite = (operator: string, ...parts: unknown[]) => {
  const condition = new TableStore.CompositeCondition(TableStore.LogicalOperator[operator]);
  for (const part of parts) condition.addSubCondition(part);
  return condition;
};
const range = (more: object = {}) =>
  sdk.client.getRange({
    tableName: table,
    direction: TableStore.Direction.FORWARD,
    maxVersions: 1,
    inclusiveStartPrimaryKey: [{ a: TableStore.INF_MIN }, { b: TableStore.INF_MIN }],
    exclusiveEndPrimaryKey: [{ a: TableStore.INF_MAX }, { b: TableStore.INF_MAX }],
    ...more,
  });
const rowsOf = (reply: { rows: Parameters<typeof shown>[0][] }) => reply.rows.map((row) => shown(row));

beforeAll(async () => {
  sdk = await openSdk();
});
afterAll(() => sdk.close());
beforeEach(async () => {
  table = `rows_${++count}`;
  await sdk.client.createTable({
    tableMeta: {
      tableName: table,
      primaryKey: [
        { name: "a", type: "STRING" },
        { name: "b", type: "INTEGER" },
      ],
    },
    reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
    tableOptions: { timeToLive: -1, maxVersions: 3 },
  });
});
// The instance holds at most 64 tables; each case has its own and leaves none behind.
const drop = () => sdk.client.deleteTable({ tableName: table });

describe("PutRow and GetRow", () => {
  const values: [string, unknown, string][] = [
    ["a string", "x", '"x"'],
    ["an empty string", "", '""'],
    ["a string beyond ASCII", "表格存储 – Zürich 🚢", '"表格存储 – Zürich 🚢"'],
    ["a double", 1.5, "1.5"],
    ["a negative zero", -0, "0"],
    ["an integer", long("9007199254740993"), "9007199254740993"],
    ["the least integer", long("-9223372036854775808"), "-9223372036854775808"],
    ["a boolean", true, "true"],
    ["a binary", Buffer.from([0, 255, 16]), "0x00ff10"],
  ];
  test.each(values)("returns %s as it was put", async (_title, value, expected) => {
    await put("k", 1, [{ c: value }]);
    expect(shown((await get("k", 1)).row)).toBe(`a="k" b=1 | c=${expected}`);
    await drop();
  });

  test("answers nothing for a row that is not there", async () => {
    expect(shown((await get("none", 1)).row)).toBe("none");
    await drop();
  });
  test("returns the cells sorted by column name", async () => {
    await put("k", 1, [{ z: "1" }, { m: "2" }, { B: "3" }]);
    expect(shown((await get("k", 1)).row)).toBe('a="k" b=1 | B="3" m="2" z="1"');
    await drop();
  });
  test("replaces the whole row on a second put", async () => {
    await put("k", 1, [{ c: "1" }, { d: "2" }]);
    await put("k", 1, [{ e: "3" }]);
    expect(shown((await get("k", 1)).row)).toBe('a="k" b=1 | e="3"');
    await drop();
  });
  test("returns only the columns asked for", async () => {
    await put("k", 1, [{ c: "1" }, { d: "2" }]);
    expect(shown((await get("k", 1, { columnsToGet: ["d", "nope"] })).row)).toBe('a="k" b=1 | d="2"');
    await drop();
  });
  test("returns no row when none of the columns asked for exists", async () => {
    await put("k", 1, [{ c: "1" }]);
    expect(shown((await get("k", 1, { columnsToGet: ["nope"] })).row)).toBe("none");
    await drop();
  });
  test("returns columns from start column to before end column", async () => {
    await put("k", 1, [{ c1: "1" }, { c2: "2" }, { c3: "3" }]);
    expect(shown((await get("k", 1, { startColumn: "c2", endColumn: "c3" })).row)).toBe('a="k" b=1 | c2="2"');
    await drop();
  });
  test("returns the primary key of the put when asked", async () => {
    const reply = await put("k", 1, [{ c: "1" }], { returnContent: { returnType: TableStore.ReturnType.Primarykey } });
    expect(shown(reply.row)).toBe('a="k" b=1 |');
    await drop();
  });
  test("counts one capacity unit for a small write and a small read", async () => {
    const written = await put("k", 1, [{ c: "1" }]);
    expect(written.consumed.capacityUnit).toMatchObject({ read: 0, write: 1 });
    expect((await get("k", 1)).consumed.capacityUnit).toMatchObject({ read: 1, write: 0 });
    await drop();
  });
  test("keeps the newest versions, newest first, up to the table's number", async () => {
    const now = Date.now();
    for (let i = 0; i < 5; i++) await update("k", 1, [{ PUT: [{ c: `v${i}`, timestamp: now + i }] }]);
    const reply = await get("k", 1, { maxVersions: 10 });
    expect(shown(reply.row)).toBe('a="k" b=1 | c="v4" c="v3" c="v2"');
    await drop();
  });
  test("returns versions inside a time range only", async () => {
    const now = Date.now();
    for (let i = 0; i < 3; i++) await update("k", 1, [{ PUT: [{ c: `v${i}`, timestamp: now + i }] }]);
    const reply = await get("k", 1, { maxVersions: 10, timeRange: { startTime: now, endTime: now + 2 } });
    expect(shown(reply.row)).toBe('a="k" b=1 | c="v1" c="v0"');
    await drop();
  });
  test("filters a row out by a column condition", async () => {
    await put("k", 1, [{ c: "1" }]);
    expect(shown((await get("k", 1, { columnFilter: equal("c", "2") })).row)).toBe("none");
    expect(shown((await get("k", 1, { columnFilter: equal("c", "1") })).row)).toBe('a="k" b=1 | c="1"');
    await drop();
  });
  test("pages through columns", async () => {
    await put("k", 1, [{ c1: "1" }, { c2: "2" }, { c3: "3" }]);
    const reply = await get("k", 1, { columnFilter: new TableStore.ColumnPaginationFilter(1, 1) });
    expect(shown(reply.row)).toBe('a="k" b=1 | c2="2"');
    await drop();
  });
});

describe("UpdateRow", () => {
  test("merges into the row and creates it when missing", async () => {
    await update("k", 1, [{ PUT: [{ c: "1" }, { d: "2" }] }]);
    await update("k", 1, [{ PUT: [{ d: "3" }] }]);
    expect(shown((await get("k", 1)).row)).toBe('a="k" b=1 | c="1" d="3"');
    await drop();
  });
  test("deletes one version and all versions of a column", async () => {
    const now = Date.now();
    await update("k", 1, [{ PUT: [{ c: "old", timestamp: now }] }, { PUT: [{ d: "x" }] }]);
    await update("k", 1, [{ PUT: [{ c: "new", timestamp: now + 1 }] }]);
    await update("k", 1, [{ DELETE: [{ c: long(now + 1) }] }, { DELETE_ALL: ["d"] }]);
    expect(shown((await get("k", 1)).row)).toBe('a="k" b=1 | c="old"');
    await drop();
  });
  test("increments an integer from nothing", async () => {
    await update("k", 1, [{ INCREMENT: [{ n: long(5) }] }]);
    const reply = await update("k", 1, [{ INCREMENT: [{ n: long(-2) }] }], {
      returnContent: { returnType: TableStore.ReturnType.AfterModify, returnColumns: ["n"] },
    });
    expect(shown(reply.row)).toBe('a="k" b=1 | n=3');
    await drop();
  });
});

describe("DeleteRow", () => {
  test("removes the row, and succeeds when there is none", async () => {
    await put("k", 1, [{ c: "1" }]);
    await sdk.client.deleteRow({ tableName: table, condition: any(), primaryKey: key("k", 1) });
    await sdk.client.deleteRow({ tableName: table, condition: any(), primaryKey: key("k", 1) });
    expect(shown((await get("k", 1)).row)).toBe("none");
    await drop();
  });
});

describe("conditions", () => {
  const cases: [string, () => unknown, string][] = [
    ["EXPECT_EXIST on a row that is there", () => any("EXPECT_EXIST"), "accepted"],
    ["EXPECT_NOT_EXIST on a row that is there", () => any("EXPECT_NOT_EXIST"), "403 OTSConditionCheckFail Condition check failed."],
    ["a column that is equal", () => any("IGNORE", equal("c", "1")), "accepted"],
    ["a column that differs", () => any("IGNORE", equal("c", "2")), "403 OTSConditionCheckFail Condition check failed."],
    ["a missing column that may be missing", () => any("IGNORE", equal("nope", "2", true)), "accepted"],
    [
      "a missing column that must be there",
      () => any("IGNORE", equal("nope", "2", false)),
      "403 OTSConditionCheckFail Condition check failed.",
    ],
    ["a greater column", () => any("IGNORE", compare("n", long(4), "GREATER_THAN")), "accepted"],
    [
      "a column that is not greater",
      () => any("IGNORE", compare("n", long(5), "GREATER_THAN")),
      "403 OTSConditionCheckFail Condition check failed.",
    ],
    ["greater or equal", () => any("IGNORE", compare("n", long(5), "GREATER_EQUAL")), "accepted"],
    ["less", () => any("IGNORE", compare("n", long(6), "LESS_THAN")), "accepted"],
    ["less or equal", () => any("IGNORE", compare("n", long(5), "LESS_EQUAL")), "accepted"],
    ["not equal", () => any("IGNORE", compare("n", long(6), "NOT_EQUAL")), "accepted"],
    ["AND of two", () => any("IGNORE", composite("AND", equal("c", "1"), equal("n", long(5)))), "accepted"],
    [
      "AND with one wrong",
      () => any("IGNORE", composite("AND", equal("c", "1"), equal("n", long(6)))),
      "403 OTSConditionCheckFail Condition check failed.",
    ],
    ["OR with one right", () => any("IGNORE", composite("OR", equal("c", "2"), equal("n", long(5)))), "accepted"],
    ["NOT", () => any("IGNORE", composite("NOT", equal("c", "2", false))), "accepted"],
  ];
  test.each(cases)("a write under %s", async (_title, condition, expected) => {
    await put("k", 1, [{ c: "1" }, { n: long(5) }]);
    const written = await refusal(update("k", 1, [{ PUT: [{ d: "x" }] }], { condition: condition() }));
    expect(
      written
        .replaceAll("|", " ")
        .replace(/\s+/g, " ")
        .replace(/^(\d+) .*?OTS/, "$1 OTS")
        .trim(),
    ).toContain(expected.replace(/^(\d+) (OTS\w+) .*/, "$2"));
    await drop();
  });
  test("EXPECT_EXIST on a row that is missing is refused", async () => {
    expect(await refusal(update("k", 1, [{ PUT: [{ d: "x" }] }], { condition: any("EXPECT_EXIST") }))).toMatch(
      /^403 .*OTSConditionCheckFail.*Condition check failed\./,
    );
    await drop();
  });
});

describe("GetRange", () => {
  beforeEach(async () => {
    const rows = Array.from({ length: 12 }, (_, i) => ({
      type: "PUT",
      condition: any(),
      primaryKey: key(`k${i % 3}`, i),
      attributeColumns: [{ n: long(i) }],
    }));
    await sdk.client.batchWriteRow({ tables: [{ tableName: table, rows }] });
  });
  test("returns every row in key order", async () => {
    const reply = await range();
    expect(rowsOf(reply)).toEqual(
      ["k0 0", "k0 3", "k0 6", "k0 9", "k1 1", "k1 4", "k1 7", "k1 10", "k2 2", "k2 5", "k2 8", "k2 11"].map(
        (k) => `a="${k.slice(0, 2)}" b=${k.slice(3)} | n=${k.slice(3)}`,
      ),
    );
    expect(reply.nextStartPrimaryKey).toBeFalsy();
    await drop();
  });
  test("goes backward", async () => {
    const reply = await range({
      direction: TableStore.Direction.BACKWARD,
      inclusiveStartPrimaryKey: [{ a: TableStore.INF_MAX }, { b: TableStore.INF_MAX }],
      exclusiveEndPrimaryKey: [{ a: "k2" }, { b: long(2) }],
    });
    expect(rowsOf(reply)).toEqual(["11", "8", "5"].map((b) => `a="k2" b=${b} | n=${b}`));
    await drop();
  });
  test("stops at the limit and names the next key", async () => {
    const reply = await range({ limit: 4 });
    expect(reply.rows).toHaveLength(4);
    expect(reply.nextStartPrimaryKey.map(({ value }: { value: unknown }) => String(value))).toEqual(["k1", "1"]);
    await drop();
  });
  test("includes the start key and excludes the end key", async () => {
    const reply = await range({ inclusiveStartPrimaryKey: key("k0", 3), exclusiveEndPrimaryKey: key("k0", 9) });
    expect(rowsOf(reply)).toEqual(['a="k0" b=3 | n=3', 'a="k0" b=6 | n=6']);
    await drop();
  });
  test("leaves out rows that lack every column asked for", async () => {
    expect((await range({ columnsToGet: ["nope"] })).rows).toEqual([]);
    await drop();
  });
  test("filters rows", async () => {
    expect(rowsOf(await range({ columnFilter: compare("n", long(10), "GREATER_EQUAL") }))).toEqual([
      'a="k1" b=10 | n=10',
      'a="k2" b=11 | n=11',
    ]);
    await drop();
  });
});

describe("batches", () => {
  test("BatchWriteRow applies puts, updates and deletes and reports each", async () => {
    await put("k", 3, [{ c: "1" }]);
    const reply = await sdk.client.batchWriteRow({
      tables: [
        {
          tableName: table,
          rows: [
            { type: "PUT", condition: any(), primaryKey: key("k", 1), attributeColumns: [{ c: "1" }] },
            { type: "UPDATE", condition: any("EXPECT_EXIST"), primaryKey: key("k", 2), attributeColumns: [{ PUT: [{ c: "1" }] }] },
            { type: "DELETE", condition: any(), primaryKey: key("k", 3) },
          ],
        },
      ],
    });
    expect(reply.tables.map(({ isOk, errorCode }: { isOk: boolean; errorCode?: string }) => (isOk ? "ok" : errorCode))).toEqual([
      "ok",
      "OTSConditionCheckFail",
      "ok",
    ]);
    expect(rowsOf(await range())).toEqual(['a="k" b=1 | c="1"']);
    await drop();
  });
  test("BatchGetRow returns rows in the order asked, empty where there is none", async () => {
    await put("k", 1, [{ c: "1" }]);
    await put("k", 2, [{ c: "2" }]);
    const reply = await sdk.client.batchGetRow({
      tables: [{ tableName: table, primaryKey: [key("k", 2), key("k", 9), key("k", 1)], maxVersions: 1 }],
    });
    expect(
      reply.tables[0].map(
        (row: { isOk: boolean } & Parameters<typeof shown>[0]) => `${row.isOk} ${row.primaryKey?.length ? shown(row) : "none"}`,
      ),
    ).toEqual(['true a="k" b=2 | c="2"', "true none", 'true a="k" b=1 | c="1"']);
    await drop();
  });
});

describe("refusals", () => {
  const cases: [string, () => Promise<unknown>, RegExp][] = [
    [
      "a table that does not exist",
      () => sdk.client.getRow({ tableName: "nope", primaryKey: key("k", 1), maxVersions: 1 }),
      /^404 .*OTSObjectNotExist.*Requested table does not exist\./,
    ],
    [
      "a key column of another name",
      () => sdk.client.getRow({ tableName: table, primaryKey: [{ x: "k" }, { b: long(1) }], maxVersions: 1 }),
      /OTSInvalidPK.*Validate PK name fail. Input: x, Meta: a\./,
    ],
    [
      "a key column of another type",
      () => sdk.client.getRow({ tableName: table, primaryKey: [{ a: "k" }, { b: "1" }], maxVersions: 1 }),
      /OTSInvalidPK.*Validate PK type fail. Input: VT_STRING, Meta: VT_INTEGER\./,
    ],
    [
      "too few key columns",
      () => sdk.client.getRow({ tableName: table, primaryKey: [{ a: "k" }], maxVersions: 1 }),
      /OTSInvalidPK.*Validate PK size fail. Input: 1, Meta: 2\./,
    ],
    [
      "a key value over 1,024 bytes",
      () => put("k".repeat(1025), 1, [{ c: "1" }]),
      /OTSParameterInvalid.*The length of primary key column: 'a' exceeds the MaxLength:1024 with CurrentLength:1025\./,
    ],
    [
      "a value over 2 MiB",
      () => put("k", 1, [{ c: "x".repeat(2_097_153) }]),
      /OTSParameterInvalid.*The length of attribute column: 'c' exceeds the MaxLength:2097152 with CurrentLength:2097153\./,
    ],
    [
      "more than 1,024 columns",
      () =>
        put(
          "k",
          1,
          Array.from({ length: 1025 }, (_, i) => ({ [`c${i}`]: "1" })),
        ),
      /The number of attribute columns exceeds the limit, limit count: 1024, column count: 1025\./,
    ],
    [
      "INF_MIN in a row",
      () => sdk.client.getRow({ tableName: table, primaryKey: [{ a: TableStore.INF_MIN }, { b: long(1) }], maxVersions: 1 }),
      /VT_INF_MIN is an invalid type for the primary key\./,
    ],
    [
      "a forward range that ends before it begins",
      () => range({ inclusiveStartPrimaryKey: key("k", 2), exclusiveEndPrimaryKey: key("k", 1) }),
      /Begin key must less than end key in FORWARD/,
    ],
    [
      "a backward range that begins before its end",
      () => range({ direction: TableStore.Direction.BACKWARD, inclusiveStartPrimaryKey: key("k", 1), exclusiveEndPrimaryKey: key("k", 2) }),
      /Begin key must more than end key in BACKWARD/,
    ],
    [
      "more than 200 rows in a batch",
      () =>
        sdk.client.batchWriteRow({
          tables: [
            {
              tableName: table,
              rows: Array.from({ length: 201 }, (_, i) => ({
                type: "PUT",
                condition: any(),
                primaryKey: key("k", i),
                attributeColumns: [{ c: "1" }],
              })),
            },
          ],
        }),
      /Rows count exceeds the upper limit: 200\./,
    ],
    [
      "more than 100 rows in a batch read",
      () =>
        sdk.client.batchGetRow({
          tables: [{ tableName: table, primaryKey: Array.from({ length: 101 }, (_, i) => key("k", i)), maxVersions: 1 }],
        }),
      /Rows count exceeds the upper limit: 100\./,
    ],
    [
      "an increment of a string",
      async () => (await put("k", 1, [{ n: "x" }]), update("k", 1, [{ INCREMENT: [{ n: long(1) }] }])),
      /OTSParameterInvalid/,
    ],
    [
      "a wrong secret",
      () => sdk.clientWith({ accessKeyId: sdk.store.accessKeyId, accessKeySecret: "wrong" }).listTable({}),
      /^403 .*OTSAuthFailed.*Signature mismatch\./,
    ],
    [
      "an unknown access key",
      () => sdk.clientWith({ accessKeyId: "nobody", accessKeySecret: "x" }).listTable({}),
      /^403 .*OTSAuthFailed.*The AccessKeyID does not exist\./,
    ],
  ];
  test.each(cases)("%s", async (_title, call, expected) => {
    expect(await refusal(call())).toMatch(expected);
    await drop();
  });
});
