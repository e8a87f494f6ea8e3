import { expect, it } from "vitest";
import { describeEverywhere } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import { notExist, TunnelCaller } from "./tunnel-caller.ts";

describeEverywhere("tunnel/getrpobyoffset", (open) => {
  it("answers as GetRpo does", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const { tunnelId } = await TunnelCaller.create(caller, "BaseData");
    expect(await caller.call("tunnel/getrpobyoffset", { tunnelId })).toEqual(await caller.call("tunnel/getrpo", { tunnelId }));
    expect(await caller.refusal("tunnel/getrpobyoffset", { tunnelId: "nope" })).toEqual(notExist("nope"));
  });
});
