import TableStore from "tablestore";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSdk, refusal } from "./sdk-endpoint.ts";

let sdk: Awaited<ReturnType<typeof openSdk>>;
beforeAll(async () => {
  sdk = await openSdk();
});
afterAll(() => sdk.close());

const definition = (tableName: string, more: { primaryKey?: unknown[]; tableOptions?: object } = {}) => ({
  tableMeta: { tableName, primaryKey: more.primaryKey ?? [{ name: "a", type: "STRING" }] },
  reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
  tableOptions: more.tableOptions ?? { timeToLive: -1, maxVersions: 1 },
});

describe("the official SDK", () => {
  test("creates, lists, describes, updates and deletes a table", async () => {
    await sdk.client.createTable(
      definition("life", {
        primaryKey: [
          { name: "a", type: "STRING" },
          { name: "b", type: "INTEGER" },
          { name: "c", type: "BINARY" },
        ],
      }),
    );
    expect((await sdk.client.listTable({})).tableNames ?? (await sdk.client.listTable({})).table_names).toContain("life");
    const described = await sdk.client.describeTable({ tableName: "life" });
    expect(described.tableMeta.primaryKey.map(({ name }: { name: string }) => name)).toEqual(["a", "b", "c"]);
    expect(described.tableOptions).toMatchObject({ timeToLive: -1, maxVersions: 1 });
    await sdk.client.updateTable({ tableName: "life", tableOptions: { maxVersions: 7, timeToLive: 86_400 } });
    expect((await sdk.client.describeTable({ tableName: "life" })).tableOptions).toMatchObject({ timeToLive: 86_400, maxVersions: 7 });
    await sdk.client.deleteTable({ tableName: "life" });
    expect(await refusal(sdk.client.describeTable({ tableName: "life" }))).toMatch(
      /^404 .*OTSObjectNotExist.*Requested table does not exist\./,
    );
  });

  test("merges what an update names and keeps the rest", async () => {
    await sdk.client.createTable(definition("merge", { tableOptions: { timeToLive: -1, maxVersions: 5 } }));
    await sdk.client.updateTable({ tableName: "merge", tableOptions: { allowUpdate: false } });
    expect((await sdk.client.describeTable({ tableName: "merge" })).tableOptions).toMatchObject({ maxVersions: 5, allowUpdate: false });
  });

  const refused: [string, () => unknown, RegExp][] = [
    ["a second table of the same name", () => definition("merge"), /^409 .*OTSObjectAlreadyExist.*Requested table already exists\./],
    ["a table name that starts with a digit", () => definition("1table"), /OTSParameterInvalid.*Invalid table name: '1table'\./],
    [
      "five key columns",
      () => definition("five", { primaryKey: ["a", "b", "c", "d", "e"].map((name) => ({ name, type: "STRING" })) }),
      /The number of primary key columns must be in range: \[1, 4\]\./,
    ],
    [
      "a column name with a space",
      () => definition("spaced", { primaryKey: [{ name: "a b", type: "STRING" }] }),
      /Invalid column name: 'a b'\./,
    ],
    [
      "the same key column twice",
      () =>
        definition("twice", {
          primaryKey: [
            { name: "a", type: "STRING" },
            { name: "a", type: "STRING" },
          ],
        }),
      /Duplicated primary key name: 'a'\./,
    ],
    [
      "an auto-increment first key column",
      () => definition("auto", { primaryKey: [{ name: "a", type: "INTEGER", option: TableStore.PrimaryKeyOption.AUTO_INCREMENT }] }),
      /First primary key can't be auto increment, table: auto\./,
    ],
    [
      "no versions",
      () => definition("zero", { tableOptions: { timeToLive: -1, maxVersions: 0 } }),
      /The maximum versions cannot be less than or equal to 0\./,
    ],
    [
      "a time to live of 0",
      () => definition("ttl", { tableOptions: { timeToLive: 0, maxVersions: 1 } }),
      /TimeToLive cannot be 0 or less than -1\./,
    ],
  ];
  test.each(refused)("is refused %s", async (_title, request, expected) => {
    expect(await refusal(sdk.client.createTable(request()))).toMatch(expected);
  });

  test("may have 64 tables and no more", async () => {
    const have = (await sdk.client.listTable({})).tableNames.length;
    for (let i = have; i < 64; i++) await sdk.client.createTable(definition(`quota_${i}`));
    expect(await refusal(sdk.client.createTable(definition("one_more")))).toMatch(
      /^403 .*OTSQuotaExhausted.*Number of tables exceeds the quota:64\./,
    );
  });
});
