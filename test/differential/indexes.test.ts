import TableStore from "tablestore";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { any, long, openSdk, refusal, shown } from "./sdk-endpoint.ts";

let sdk: Awaited<ReturnType<typeof openSdk>>;
beforeAll(async () => {
  sdk = await openSdk();
});
afterAll(() => sdk.close());

const { IndexType, IndexUpdateMode, DefinedColumnType, PrimaryKeyType } = TableStore;
const byColumn = { name: "by_column", primaryKey: ["col1"], definedColumn: ["col2"] };

const tableOf = (tableName: string, indexMetas?: object[]) => ({
  tableMeta: {
    tableName,
    primaryKey: ["pk1", "pk2"].map((name) => ({ name, type: PrimaryKeyType.INTEGER })),
    definedColumn: ["col1", "col2"].map((name) => ({ name, type: DefinedColumnType.DCT_INTEGER })),
  },
  reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
  tableOptions: { timeToLive: -1, maxVersions: 1 },
  ...(indexMetas && { indexMetas }),
});

const keyOf = (pk1: number, pk2: number) => [{ pk1: long(pk1) }, { pk2: long(pk2) }];
const put = (tableName: string, pk1: number, pk2: number, columns: Record<string, number>) =>
  sdk.client.putRow({
    tableName,
    condition: any(),
    primaryKey: keyOf(pk1, pk2),
    attributeColumns: Object.entries(columns).map(([name, value]) => ({ [name]: long(value) })),
  });

const { INF_MIN, INF_MAX, Direction } = TableStore;
const everything = (columns: string[], bound: unknown) => columns.map((name) => ({ [name]: bound }));
async function rowsOf(tableName: string, columns: string[], backward = false): Promise<string[]> {
  const [low, high] = [everything(columns, INF_MIN), everything(columns, INF_MAX)];
  const { rows } = await sdk.client.getRange({
    tableName,
    direction: backward ? Direction.BACKWARD : Direction.FORWARD,
    inclusiveStartPrimaryKey: backward ? high : low,
    exclusiveEndPrimaryKey: backward ? low : high,
    maxVersions: 1,
  });
  return rows.map(shown);
}

const indexesOf = async (tableName: string): Promise<string[]> =>
  (await sdk.client.describeTable({ tableName })).indexMetas.map(
    ({ name, primaryKey, definedColumn, indexType, indexUpdateMode }: Record<string, unknown>) =>
      `${name} ${primaryKey} ${definedColumn} ${indexType} ${indexUpdateMode}`,
  );

describe("the official SDK", () => {
  test("makes indexes with a table and on one, describes and drops them", async () => {
    await sdk.client.createTable(tableOf("life", [{ name: "life_first", primaryKey: ["pk2"], definedColumn: ["col1", "col2"] }]));
    await sdk.client.createIndex({ mainTableName: "life", indexMeta: { ...byColumn, name: "life_second" } });
    const local = { indexType: IndexType.IT_LOCAL_INDEX, indexUpdateMode: IndexUpdateMode.IUM_SYNC_INDEX };
    await sdk.client.createIndex({
      mainTableName: "life",
      indexMeta: { name: "life_local", primaryKey: ["pk1", "col1"], definedColumn: [], ...local },
    });
    expect(await indexesOf("life")).toEqual(["life_first pk2 col1,col2 0 0", "life_second col1 col2 0 0", "life_local pk1,col1  1 1"]);
    for (const indexName of ["life_first", "life_second"]) await sdk.client.dropIndex({ mainTableName: "life", indexName });
    expect(await indexesOf("life")).toEqual(["life_local pk1,col1  1 1"]);
    await sdk.client.deleteTable({ tableName: "life" });
    expect(await refusal(sdk.client.describeTable({ tableName: "life_local" }))).toMatch(/^404 .*OTSObjectNotExist/);
  });

  test("reads rows by the name and the key of an index", async () => {
    await sdk.client.createTable(tableOf("reads", [{ ...byColumn, name: "reads_index" }]));
    await put("reads", 1, 1, { col1: 30, col2: 7, other: 1 });
    await put("reads", 2, 1, { col1: 20 });
    await put("reads", 3, 1, { col2: 9 });
    const primaryKey = [{ col1: long(30) }, ...keyOf(1, 1)];
    const { row } = await sdk.client.getRow({ tableName: "reads_index", primaryKey, maxVersions: 1 });
    expect(shown(row)).toBe("col1=30 pk1=1 pk2=1 | col2=7");
    const columns = ["col1", "pk1", "pk2"];
    expect(await rowsOf("reads_index", columns)).toEqual(["col1=20 pk1=2 pk2=1 |", "col1=30 pk1=1 pk2=1 | col2=7"]);
    expect(await rowsOf("reads_index", columns, true)).toEqual(["col1=30 pk1=1 pk2=1 | col2=7", "col1=20 pk1=2 pk2=1 |"]);
    const batch = await sdk.client.batchGetRow({
      tables: [{ tableName: "reads_index", primaryKey: [primaryKey, [{ col1: long(99) }, ...keyOf(1, 1)]], maxVersions: 1 }],
    });
    const [found, missing] = batch.tables[0];
    expect([found.isOk, shown(found), missing.isOk, missing.primaryKey]).toEqual([true, "col1=30 pk1=1 pk2=1 | col2=7", true, null]);
  });

  test("sees an index follow updates, deletes and batches", async () => {
    await sdk.client.createTable(tableOf("writes", [{ ...byColumn, name: "writes_index" }]));
    const columns = ["col1", "pk1", "pk2"];
    await put("writes", 1, 1, { col1: 1, col2: 1 });
    const update = { tableName: "writes", condition: any(), primaryKey: keyOf(1, 1) };
    await sdk.client.updateRow({ ...update, updateOfAttributeColumns: [{ PUT: [{ col1: long(2) }] }] });
    expect(await rowsOf("writes_index", columns)).toEqual(["col1=2 pk1=1 pk2=1 | col2=1"]);
    await sdk.client.updateRow({ ...update, updateOfAttributeColumns: [{ DELETE_ALL: ["col1"] }] });
    expect(await rowsOf("writes_index", columns)).toEqual([]);
    const rows = [5, 4].map((n) => ({
      type: "PUT",
      condition: any(),
      primaryKey: keyOf(n, 0),
      attributeColumns: [{ col1: long(n) }],
    }));
    await sdk.client.batchWriteRow({ tables: [{ tableName: "writes", rows }] });
    expect(await rowsOf("writes_index", columns)).toEqual(["col1=4 pk1=4 pk2=0 |", "col1=5 pk1=5 pk2=0 |"]);
    await sdk.client.deleteRow({ tableName: "writes", condition: any(), primaryKey: keyOf(4, 0) });
    expect(await rowsOf("writes_index", columns)).toEqual(["col1=5 pk1=5 pk2=0 |"]);
  });

  test("fills an index with the rows that are there, where it asks for them", async () => {
    await sdk.client.createTable(tableOf("filled"));
    for (let n = 0; n < 3; n++) await put("filled", n, 0, { col1: 10 - n });
    await sdk.client.createIndex({ mainTableName: "filled", indexMeta: { ...byColumn, name: "filled_none" } });
    await sdk.client.createIndex({ mainTableName: "filled", indexMeta: { ...byColumn, name: "filled_all" }, includeBaseData: true });
    const columns = ["col1", "pk1", "pk2"];
    await expect
      .poll(() => rowsOf("filled_all", columns))
      .toEqual(["col1=8 pk1=2 pk2=0 |", "col1=9 pk1=1 pk2=0 |", "col1=10 pk1=0 pk2=0 |"]);
    expect(await rowsOf("filled_none", columns)).toEqual([]);
  });

  const refused: [string, () => Promise<unknown>, RegExp][] = [
    ["a write to an index", () => put("refused_index", 1, 1, {}), /^400 .*OTSParameterInvalid.*Can't write index table directly\./],
    [
      "an index without a key",
      () => sdk.client.createIndex({ mainTableName: "refused", indexMeta: { ...byColumn, primaryKey: [] } }),
      /^400 .*The number of primary key columns must be in range: \[1, 4\] in index\./,
    ],
    [
      "an index of a column that nobody defined",
      () => sdk.client.createIndex({ mainTableName: "refused", indexMeta: { ...byColumn, primaryKey: ["col3"] } }),
      /^400 .*OTSParameterInvalid/,
    ],
    [
      "a name that is taken",
      () => sdk.client.createIndex({ mainTableName: "refused", indexMeta: { ...byColumn, name: "refused_index" } }),
      /^409 .*OTSObjectAlreadyExist/,
    ],
    ["to drop what is not there", () => sdk.client.dropIndex({ mainTableName: "refused", indexName: "none" }), /^404 .*OTSObjectNotExist/],
  ];
  beforeAll(() => sdk.client.createTable(tableOf("refused", [{ ...byColumn, name: "refused_index" }])));
  test.each(refused)("is refused %s", async (_title, call, expected) => {
    expect(await refusal(call())).toMatch(expected);
  });
});
