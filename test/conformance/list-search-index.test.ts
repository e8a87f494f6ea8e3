import { expect, it } from "vitest";
import { describeEverywhere } from "./endpoints.ts";

describeEverywhere("ListSearchIndex", (open) => {
  it("answers an empty list, for a table and for all", async () => {
    const { caller } = await open();
    expect(await caller.call("ListSearchIndex", {})).toEqual({ indexes: [] });
    expect(await caller.call("ListSearchIndex", { tableName: "t" })).toEqual({ indexes: [] });
  });
});
