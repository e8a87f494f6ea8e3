import { expect, it } from "vitest";
import { INF_MAX, INF_MIN } from "../../src/model/value.ts";
import { describeEverywhere } from "./endpoints.ts";

const oneKey = [{ name: "pk", type: "string" }] as const;

describeEverywhere("DeleteTable", (open) => {
  it("takes the rows with it: a table of the same name made at once is empty", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.writeBatch(
      "t",
      Array.from({ length: 200 }, (_, i) => ({ key: { pk: `k${i}` }, cells: {} })),
    );
    await caller.call("DeleteTable", { tableName: "t" });
    expect(await caller.refusal("DescribeTable", { tableName: "t" })).toMatchObject({ status: 404, code: "OTSObjectNotExist" });
    await caller.createTable("t", oneKey);
    expect((await caller.range("t", { pk: INF_MIN }, { pk: INF_MAX })).rows).toEqual([]);
    await caller.put("t", { pk: "k1" }, {}, { existence: "expectNotExist" });
  });

  it("refuses a table that is not there", async () => {
    const { caller } = await open();
    expect(await caller.refusal("DeleteTable", { tableName: "t" })).toEqual({
      status: 404,
      code: "OTSObjectNotExist",
      text: "Requested table does not exist.",
    });
  });
});
