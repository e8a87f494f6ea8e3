import { expect, it } from "vitest";
import { type Caller, tableRequest, valuesOf } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";
import { byCity, indexedTable } from "./indexed-table.ts";
import { oneKey } from "./stream-of.ts";

const tableName = "t";
const three = ["a", "b", "c"].map((name) => ({ name, type: "integer" as const }));

async function createWithThree(caller: Caller): Promise<void> {
  const request = tableRequest(tableName, oneKey);
  await caller.call("CreateTable", { ...request, meta: { ...request.meta, definedColumns: three } });
}
const namesIn = async (caller: Caller) =>
  (await caller.call("DescribeTable", { tableName })).meta.definedColumns.map((column) => column.name);

describeEverywhere("DeleteDefinedColumn", (open) => {
  it("takes the columns out of the schema, and leaves their cells", async () => {
    const { caller } = await open();
    await createWithThree(caller);
    await caller.put(tableName, { pk: "x" }, { a: 1n, b: 2n });
    await caller.call("DeleteDefinedColumn", { tableName, columns: ["c", "a"] });
    expect(await namesIn(caller)).toEqual(["b"]);
    expect(valuesOf(await caller.get(tableName, { pk: "x" }))).toEqual({ a: 1n, b: 2n });
  });

  it("lets any type be written to them from now on", async () => {
    const { caller } = await open();
    await createWithThree(caller);
    await caller.call("DeleteDefinedColumn", { tableName, columns: ["a"] });
    await caller.put(tableName, { pk: "x" }, { a: "text" });
    expect(valuesOf(await caller.get(tableName, { pk: "x" }))).toEqual({ a: "text" });
  });

  it("takes an empty list, which changes nothing", async () => {
    const { caller } = await open();
    await createWithThree(caller);
    await caller.call("DeleteDefinedColumn", { tableName, columns: [] });
    expect(await namesIn(caller)).toEqual(["a", "b", "c"]);
  });

  it("refuses columns that are not defined, and deletes none of the others", async () => {
    const { caller } = await open();
    await createWithThree(caller);
    for (const name of ["d", "pk"]) {
      expect(await caller.refusal("DeleteDefinedColumn", { tableName, columns: ["a", name] })).toMatchObject({
        status: 400,
        code: "OTSParameterInvalid",
      });
    }
    expect(await namesIn(caller)).toEqual(["a", "b", "c"]);
  });

  it("refuses columns that an index is made of", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    const { definedColumns } = (await caller.call("DescribeTable", { tableName })).meta;
    for (const name of [...byCity.keyColumns, ...byCity.definedColumns]) {
      expect(await caller.refusal("DeleteDefinedColumn", { tableName, columns: [name] })).toMatchObject({ code: "OTSParameterInvalid" });
    }
    expect((await caller.call("DescribeTable", { tableName })).meta.definedColumns).toEqual(definedColumns);
    await caller.call("DropIndex", { mainTableName: tableName, indexName: byCity.name });
    await caller.call("DeleteDefinedColumn", { tableName, columns: byCity.keyColumns });
  });

  it("refuses a table that is not there, with an empty list too", async () => {
    const { caller } = await open();
    const missing = { status: 404, code: "OTSObjectNotExist", text: "Requested table does not exist." };
    expect(await caller.refusal("DeleteDefinedColumn", { tableName, columns: [] })).toEqual(missing);
  });
});
