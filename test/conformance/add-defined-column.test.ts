import { expect, it } from "vitest";
import type { DefinedColumn } from "../../src/model/schema.ts";
import { INF_MAX, INF_MIN, type Value } from "../../src/model/value.ts";
import { type Caller, putRequest, tableRequest, updateRequest, valuesOf } from "./caller.ts";
import { describeEverywhere, describeOnDisk } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";

const tableName = "t";
const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });

async function createDefining(caller: Caller, definedColumns: readonly DefinedColumn[]): Promise<void> {
  const request = tableRequest(tableName, oneKey);
  await caller.call("CreateTable", { ...request, meta: { ...request.meta, definedColumns } });
}
const definedIn = async (caller: Caller) => (await caller.call("DescribeTable", { tableName })).meta.definedColumns;

describeEverywhere("AddDefinedColumn", (open) => {
  it("adds columns behind those that are there", async () => {
    const { caller } = await open();
    await createDefining(caller, [{ name: "a", type: "string" }]);
    const added = [
      { name: "c", type: "integer" },
      { name: "b", type: "binary" },
      { name: "d", type: "double" },
      { name: "e", type: "boolean" },
    ] as const;
    await caller.call("AddDefinedColumn", { tableName, columns: added });
    expect(await definedIn(caller)).toEqual([{ name: "a", type: "string" }, ...added]);
  });

  it("takes an empty list, which changes nothing", async () => {
    const { caller } = await open();
    await createDefining(caller, [{ name: "a", type: "string" }]);
    await caller.call("AddDefinedColumn", { tableName, columns: [] });
    expect(await definedIn(caller)).toEqual([{ name: "a", type: "string" }]);
  });

  it("has what is written from now on be of the type, and leaves what was written alone", async () => {
    const { caller } = await open();
    await createDefining(caller, []);
    await caller.put(tableName, { pk: "a" }, { c: "text" });
    await caller.call("AddDefinedColumn", { tableName, columns: [{ name: "c", type: "integer" }] });
    const wrong = invalid("Invalid column type for column c expect VT_INTEGER actual VT_STRING");
    expect(await caller.refusal("PutRow", putRequest(tableName, { pk: "b" }, { c: "text" }))).toEqual(wrong);
    const update = updateRequest(tableName, { pk: "b" }, [{ op: "put", name: "c", value: "text" }]);
    expect(await caller.refusal("UpdateRow", update)).toEqual(wrong);
    await caller.put(tableName, { pk: "b" }, { c: 1n, other: "text" });
    expect(valuesOf(await caller.get(tableName, { pk: "a" }))).toEqual({ c: "text" });
  });

  it("lets every type through for its own values only", async () => {
    const { caller } = await open();
    const values: readonly (readonly [DefinedColumn["type"], string, Value])[] = [
      ["integer", "VT_INTEGER", 1n],
      ["double", "VT_DOUBLE", 1.5],
      ["boolean", "VT_BOOLEAN", true],
      ["string", "VT_STRING", "x"],
      ["binary", "VT_BLOB", Uint8Array.of(1)],
    ];
    await createDefining(caller, []);
    await caller.call("AddDefinedColumn", { tableName, columns: values.map(([type]) => ({ name: `c_${type}`, type })) });
    for (const [type, expected] of values) {
      for (const [valueType, actual, value] of values) {
        const request = putRequest(tableName, { pk: "a" }, { [`c_${type}`]: value });
        if (valueType === type) await caller.call("PutRow", request);
        else {
          const text = `Invalid column type for column c_${type} expect ${expected} actual ${actual}`;
          expect(await caller.refusal("PutRow", request)).toEqual(invalid(text));
        }
      }
    }
  });

  it("refuses more than 32 columns in all, and none is added", async () => {
    const { caller } = await open();
    const columns = (count: number, from = 0) =>
      Array.from({ length: count }, (_, at) => ({ name: `c${from + at}`, type: "string" as const }));
    await createDefining(caller, columns(30));
    const tooMany = invalid("The number of defined columns must be in range: [0, 32].");
    expect(await caller.refusal("AddDefinedColumn", { tableName, columns: columns(3, 30) })).toEqual(tooMany);
    expect(await definedIn(caller)).toHaveLength(30);
    await caller.call("AddDefinedColumn", { tableName, columns: columns(2, 30) });
  });

  it("refuses columns of no name, of the key, and those that are there", async () => {
    const { caller } = await open();
    await createDefining(caller, [{ name: "a", type: "string" }]);
    const adding = (name: string) => caller.refusal("AddDefinedColumn", { tableName, columns: [{ name, type: "string" }] });
    expect(await adding("0")).toEqual(invalid("Invalid column name: '0'."));
    expect(await adding("pk")).toEqual(invalid("Duplicated attribute column name with primary key column: pk."));
    expect(await adding("a")).toMatchObject({ code: "OTSParameterInvalid" });
    expect(await definedIn(caller)).toEqual([{ name: "a", type: "string" }]);
  });

  it("lets an index be made of them", async () => {
    const { caller } = await open();
    await createDefining(caller, []);
    await caller.call("AddDefinedColumn", { tableName, columns: [{ name: "c", type: "integer" }] });
    const index = { name: "by_c", keyColumns: ["c"], definedColumns: [], type: "global" } as const;
    await caller.call("CreateIndex", { mainTableName: tableName, index });
    await caller.put(tableName, { pk: "a" }, { c: 5n });
    const { rows } = await caller.range("by_c", { c: INF_MIN, pk: INF_MIN }, { c: INF_MAX, pk: INF_MAX });
    expect(rows.map(({ key }) => key.map(({ value }) => value))).toEqual([[5n, "a"]]);
  });

  it("refuses an index, which is no table of its own", async () => {
    const { caller } = await open();
    await createDefining(caller, [{ name: "c", type: "integer" }]);
    const index = { name: "by_c", keyColumns: ["c"], definedColumns: [], type: "global" } as const;
    await caller.call("CreateIndex", { mainTableName: tableName, index });
    const columns = [{ name: "d", type: "integer" }] as const;
    expect(await caller.refusal("AddDefinedColumn", { tableName: "by_c", columns })).toMatchObject({ code: "OTSParameterInvalid" });
  });

  it("refuses a table that is not there, with an empty list too", async () => {
    const { caller } = await open();
    const missing = { status: 404, code: "OTSObjectNotExist", text: "Requested table does not exist." };
    expect(await caller.refusal("AddDefinedColumn", { tableName, columns: [] })).toEqual(missing);
  });
});

describeOnDisk("AddDefinedColumn", (open) => {
  it("is kept over a restart", async () => {
    const { caller, reopen } = await open();
    await createDefining(caller, []);
    await caller.call("AddDefinedColumn", { tableName, columns: [{ name: "c", type: "integer" }] });
    expect(await definedIn((await reopen()).caller)).toEqual([{ name: "c", type: "integer" }]);
  });
});
