import { expect, it } from "vitest";
import { describeEverywhere } from "./endpoints.ts";

describeEverywhere("ListTimeseriesTable", (open) => {
  it("answers an empty list", async () => {
    const { caller } = await open();
    expect(await caller.call("ListTimeseriesTable", {})).toEqual({ tableNames: [] });
  });
});
