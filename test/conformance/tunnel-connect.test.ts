import { expect, it } from "vitest";
import { signedRequest } from "../../src/wire/headers.ts";
import { operations } from "../../src/wire/operation/operations.ts";
import { signRequest } from "../../src/wire/sign.ts";
import { refusalOf } from "./caller.ts";
import { describeEverywhere, describeOnDisk } from "./endpoints.ts";
import { oneKey } from "./stream-of.ts";
import { gone, keepStream, notExist, TunnelCaller } from "./tunnel-caller.ts";

describeEverywhere("tunnel/connect", (open) => {
  it("gives each client an id of its own", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    expect(new Set([await tunnel.connect(), await tunnel.connect(5)]).size).toBe(2);
  });

  it("lets a client be silent for as long as it says, and for 300 s where it says nothing", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    const tunnel = await TunnelCaller.create(caller, "BaseData");
    const [patient, usual, hasty] = [await tunnel.connect(600), await tunnel.connect(), await tunnel.connect(10)];
    const refused = (clientId: string) => caller.refusal("tunnel/heartbeat", { tunnelId: tunnel.tunnelId, clientId, channels: [] });
    await clock.advance(10_001);
    expect(await refused(hasty)).toMatchObject(gone);
    await tunnel.beat(usual);
    await clock.advance(300_000);
    await tunnel.beat(usual);
    await clock.advance(289_000);
    await tunnel.beat(patient);
    await clock.advance(11_001);
    expect(await refused(usual)).toMatchObject(gone);
    await tunnel.beat(patient);
  });

  it("refuses a tunnel that is not there, or in another instance, and a timeout below zero", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const { tunnelId } = await TunnelCaller.create(caller, "BaseData");
    expect(await caller.refusal("tunnel/connect", { tunnelId: "nope" })).toEqual(notExist("nope"));
    expect(await caller.on("second").refusal("tunnel/connect", { tunnelId })).toEqual(notExist(tunnelId));
    expect(await caller.refusal("tunnel/connect", { tunnelId, client: { timeoutSeconds: -1 } })).toMatchObject({
      code: "OTSParameterInvalid",
    });
  });

  it("refuses a tunnel whose records are gone before anybody read them", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    await keepStream(caller, 1);
    const { tunnelId } = await TunnelCaller.create(caller, "Stream");
    await caller.put("t", { pk: "a" }, {});
    await clock.advance(2 * 3_600_000);
    expect(await caller.refusal("tunnel/connect", { tunnelId })).toMatchObject({ status: 400, code: "OTSTunnelExpired" });
  });

  it("is signed as every call is, also with the version of the interface that the Go client names", async () => {
    const { caller, transport, clock, server } = await open();
    await caller.createTable("t", oneKey);
    const { tunnelId } = await TunnelCaller.create(caller, "BaseData");
    const body = operations["tunnel/connect"].encodeRequest({ tunnelId });
    const { path, headers } = signedRequest("tunnel/connect", "first", server.rootKey, body, clock.now());
    expect(path).toBe("/tunnel/connect");
    const asGo: Record<string, string> = { ...headers, "x-ots-apiversion": "2018-04-01", "x-ots-trace-id": "0123" };
    expect(refusalOf(await transport({ path, headers: asGo, body }))).toEqual({
      status: 403,
      code: "OTSAuthFailed",
      text: "Signature mismatch.",
    });
    delete asGo["x-ots-signature"];
    asGo["x-ots-signature"] = signRequest(path, asGo, server.rootKey.secret);
    expect((await transport({ path, headers: asGo, body })).status).toBe(200);
  });
});

describeOnDisk("tunnel/connect", (open) => {
  it("holds over a restart: nobody is handed what a client believes to be its own before its time-out has passed (R2)", async () => {
    const endpoint = await open();
    await endpoint.caller.createTable("t", oneKey);
    const before = await TunnelCaller.create(endpoint.caller, "BaseData");
    const clientId = await before.connect(15);
    const held = await before.beat(clientId);
    await endpoint.clock.advance(10_000);
    const { caller } = await endpoint.reopen();
    const after = new TunnelCaller(caller, before.tunnelId);
    const other = await after.connect(300);
    await endpoint.clock.advance(15_000);
    expect(await after.beat(other)).toEqual([]);
    expect(await after.beat(clientId)).toEqual(held);
    await endpoint.clock.advance(15_001);
    expect((await after.beat(other)).map(({ channelId }) => channelId)).toEqual(["BaseData_0"]);
    expect(await caller.refusal("tunnel/heartbeat", { tunnelId: before.tunnelId, clientId, channels: [] })).toMatchObject(gone);
  });
});
