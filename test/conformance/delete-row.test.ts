import { expect, it } from "vitest";
import { AUTO_INCREMENT } from "../../src/model/value.ts";
import { deleteRequest, putRequest, valuesOf } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";

const oneKey = [{ name: "pk", type: "string" }] as const;

describeEverywhere("DeleteRow", (open) => {
  it("removes the row with all its versions, and no other", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey, { maxVersions: 2 });
    await caller.update("t", { pk: "a" }, [
      { op: "put", name: "c", value: 1n, timestamp: clock.now() - 1 },
      { op: "put", name: "c", value: 2n },
    ]);
    await caller.put("t", { pk: "ab" }, { c: 3n });
    expect((await caller.delete("t", { pk: "a" })).consumed).toEqual({ read: 0, write: 1 });
    expect(await caller.get("t", { pk: "a" }, { maxVersions: 2 })).toBeUndefined();
    expect(valuesOf(await caller.get("t", { pk: "ab" }))).toEqual({ c: 3n });
  });

  it("succeeds for a row that is not there, unless it is expected", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.delete("t", { pk: "a" });
    expect(await caller.refusal("DeleteRow", deleteRequest("t", { pk: "a" }, { existence: "expectExist" }))).toEqual({
      status: 403,
      code: "OTSConditionCheckFail",
      text: "Condition check failed.",
    });
  });

  it("judges a column condition first", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.put("t", { pk: "a" }, { c: 5n });
    const above = (value: bigint) =>
      ({
        existence: "ignore",
        filter: { type: "column", name: "c", comparator: "greater", value, filterIfMissing: true, latestVersionOnly: true },
      }) as const;
    expect(await caller.refusal("DeleteRow", deleteRequest("t", { pk: "a" }, above(5n)))).toMatchObject({ code: "OTSConditionCheckFail" });
    await caller.delete("t", { pk: "a" }, above(4n));
    expect(await caller.get("t", { pk: "a" })).toBeUndefined();
  });

  it("refuses a change without the delete marker, and the server's choice of key", async () => {
    const { caller } = await open();
    await caller.createTable("t", [oneKey[0], { name: "id", type: "integer", autoIncrement: true }]);
    const { change } = putRequest("t", { pk: "a", id: 1n }, {});
    expect(await caller.refusal("DeleteRow", { tableName: "t", change, condition: { existence: "ignore" } })).toEqual({
      status: 400,
      code: "OTSParameterInvalid",
      text: "Invalid request of delete row: missing RowDeleteMarker in request.",
    });
    expect(await caller.refusal("DeleteRow", deleteRequest("t", { pk: "a", id: AUTO_INCREMENT }))).toEqual({
      status: 400,
      code: "OTSParameterInvalid",
      text: "Invalid row to delete which with pk auto increment.",
    });
  });
});
