import { expect, it } from "vitest";
import { describeEverywhere } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import { notExist, TunnelCaller } from "./tunnel-caller.ts";

const jsonOf = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes!).toString()) as unknown;

describeEverywhere("tunnel/getrpo", (open) => {
  it("answers in JSON how far a tunnel and its channels were consumed", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    const created = clock.now() * 1e6;
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const { clientId, channelIds } = await tunnel.join();
    await tunnel.drain(clientId, channelIds[0]!);
    const reply = await caller.call("tunnel/getrpo", { tunnelId: tunnel.tunnelId });
    const rpo = { TotalCount: 0, AccessTime: created, RpoTime: 0 };
    expect(jsonOf(reply.rpoInfos)).toEqual({ [tunnel.tunnelId]: { BaseData_0: { ChannelTyp: "BaseData", Status: "OPEN", ...rpo } } });
    expect(jsonOf(reply.tunnelRpoInfos)).toEqual({ [tunnel.tunnelId]: { Status: "ProcessBaseData", ...rpo } });
  });

  it("answers of all tunnels, as many as asked for, when it is given no id; of none with empty JSON, not with no bytes", async () => {
    const { caller } = await open();
    const count = async (limit?: number) =>
      Object.keys(jsonOf((await caller.call("tunnel/getrpo", { limit })).tunnelRpoInfos) as object).length;
    expect(await count()).toBe(0);
    await caller.createTable("t", oneKey);
    for (const tunnelName of ["one", "two"]) await caller.call("tunnel/create", { tableName: "t", tunnelName, tunnelType: "BaseData" });
    expect([await count(), await count(1)]).toEqual([2, 1]);
  });

  it("refuses a tunnel that is not there", async () => {
    const { caller } = await open();
    expect(await caller.refusal("tunnel/getrpo", { tunnelId: "nope" })).toEqual(notExist("nope"));
  });
});
