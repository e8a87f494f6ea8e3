import { expect, it } from "vitest";
import { keyBytes } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";
import { byCity, indexedTable, localAge, wholeRange } from "./indexed-table.ts";

const missing = { status: 404, code: "OTSObjectNotExist", text: "Requested table does not exist." };
const everyCity = wholeRange(["city", "pk", "n"]);

describeEverywhere("DropIndex", (open) => {
  it("takes the rows with it: an index of the same name made at once holds none of them", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity, localAge]));
    await caller.put("t", { pk: "x", n: 1n }, { city: "Rome", age: 1n });
    await caller.call("DropIndex", { mainTableName: "t", indexName: "by_city" });
    const key = keyBytes({ city: "Rome", pk: "x", n: 1n });
    expect(await caller.refusal("GetRow", { tableName: "by_city", key, selection: { maxVersions: 1 } })).toEqual(missing);
    expect(await caller.refusal("DescribeTable", { tableName: "by_city" })).toEqual(missing);
    expect((await caller.call("DescribeTable", { tableName: "t" })).indexes.map(({ name }) => name)).toEqual(["local_age"]);
    await caller.call("CreateIndex", { mainTableName: "t", index: byCity });
    expect((await caller.range("by_city", ...everyCity)).rows).toEqual([]);
    expect(await caller.get("local_age", { pk: "x", age: 1n, n: 1n })).toBeDefined();
  });

  it("leaves its table as it is, and the name free for a table", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    await caller.put("t", { pk: "x", n: 1n }, { city: "Rome" });
    await caller.call("DropIndex", { mainTableName: "t", indexName: "by_city" });
    await caller.update("t", { pk: "x", n: 1n }, [{ op: "put", name: "city", value: "c".repeat(2000) }]);
    expect((await caller.get("t", { pk: "x", n: 1n }))?.cells).toHaveLength(1);
    await caller.createTable("by_city", [{ name: "pk", type: "string" }]);
    await caller.put("by_city", { pk: "own" }, {});
  });

  it("refuses an index that is not there, or not of this table", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    await caller.createTable("other", [{ name: "pk", type: "string" }]);
    expect(await caller.refusal("DropIndex", { mainTableName: "t", indexName: "none" })).toEqual(missing);
    expect(await caller.refusal("DropIndex", { mainTableName: "t", indexName: "t" })).toEqual(missing);
    expect(await caller.refusal("DropIndex", { mainTableName: "other", indexName: "by_city" })).toEqual(missing);
    expect(await caller.refusal("DropIndex", { mainTableName: "none", indexName: "by_city" })).toEqual(missing);
  });

  it("is done by DeleteTable for every index of the table", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity, localAge]));
    await caller.put("t", { pk: "x", n: 1n }, { city: "Rome" });
    await caller.call("DeleteTable", { tableName: "t" });
    expect(await caller.refusal("DescribeTable", { tableName: "by_city" })).toEqual(missing);
    await caller.call("CreateTable", indexedTable([byCity]));
    expect((await caller.range("by_city", ...everyCity)).rows).toEqual([]);
  });
});
