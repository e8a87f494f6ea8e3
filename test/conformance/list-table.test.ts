import { expect, it } from "vitest";
import { describeEverywhere } from "./endpoints.ts";

const oneKey = [{ name: "pk", type: "string" }] as const;

describeEverywhere("ListTable", (open) => {
  it("answers the names of the instance's tables, sorted, and none in an empty instance", async () => {
    const { caller } = await open();
    for (const name of ["b", "a", "C"]) await caller.createTable(name, oneKey);
    expect((await caller.call("ListTable", {})).tableNames).toEqual(["C", "a", "b"]);
    expect((await caller.on("second").call("ListTable", {})).tableNames).toEqual([]);
  });
});
