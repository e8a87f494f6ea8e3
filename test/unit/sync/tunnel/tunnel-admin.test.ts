import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { seededChance } from "../../../../src/base/chance.ts";
import { VirtualClock } from "../../../../src/base/virtual-clock.ts";
import { TableStoreClient } from "../../../../src/client/table-store-client.ts";
import { ensureStream, type TunnelAdminContext } from "../../../../src/sync/tunnel/ensure-stream.ts";
import { firstCheckpoints } from "../../../../src/sync/tunnel/first-checkpoints.ts";
import { deleteTunnel, describeTunnel, ensureTunnel } from "../../../../src/sync/tunnel/tunnel-admin.ts";
import { startTableStore, type TestTableStore } from "../../../../src/testing.ts";
import { Caller } from "../../../conformance/caller.ts";
import { oneKey, splitPartition } from "../../../conformance/stream-of.ts";
import { TunnelCaller } from "../../../conformance/tunnel-caller.ts";
import { drive } from "../../support/drive.ts";

const clock = new VirtualClock();
const name = { tableName: "t", tunnelName: "tunnel" };
const daily = { expirationHours: 24, originColumns: ["a", "b"] };
let store: TestTableStore;
let caller: Caller;
let context: TunnelAdminContext;

beforeEach(async () => {
  store = await startTableStore({ http: false, clock, chance: seededChance(1) });
  const credentials = { id: store.accessKeyId, secret: store.accessKeySecret };
  const client = new TableStoreClient({ instance: "test", credentials, transport: store.transport, clock, chance: seededChance(2) });
  context = { client, clock, chance: seededChance(3), signal: new AbortController().signal };
  caller = new Caller(store.transport, clock, credentials, "test");
  await caller.createTable("t", oneKey);
});
afterEach(() => store.close());

const stream = () => drive(clock, ensureStream(context, "t", daily));
const tunnel = (type: "Stream" | "BaseAndStream" = "Stream") => drive(clock, ensureTunnel(context, { ...name, type }));
const checkpoints = async () => drive(clock, firstCheckpoints(context, { ...name, tunnelId: (await tunnel()).tunnelId }));

describe("the stream of a table", () => {
  test("is switched on as asked where it is off", async () => {
    const made = await stream();
    expect(made).toMatchObject({ made: true, expirationHours: 24, originColumns: ["a", "b"] });
    expect((await caller.call("ListStream", { tableName: "t" })).streams[0]!.streamId).toBe(made.streamId);
  });

  test("that is on is left as it is, and told of", async () => {
    await caller.call("UpdateTable", { tableName: "t", stream: { enabled: true, expirationHours: 7, originColumns: ["z"] } });
    expect(await stream()).toMatchObject({ made: false, expirationHours: 7, originColumns: ["z"] });
  });

  test("is found switched on where that answer was lost", async () => {
    store.faults.set([{ operations: ["UpdateTable"], times: 1, effect: { type: "dropReply" } }]);
    expect(await stream()).toMatchObject({ made: true, expirationHours: 24 });
  });
});

describe("a tunnel", () => {
  test("is made where there is none, and is found the next time", async () => {
    const made = await tunnel();
    expect(made).toMatchObject({ made: true, tunnelType: "Stream", stage: "ProcessStream" });
    expect(await tunnel()).toEqual({ ...made, made: false });
  });

  test("of another type stops with what to do about it", async () => {
    await tunnel();
    await expect(tunnel("BaseAndStream")).rejects.toMatchObject({ code: "TF_TUNNEL_THERE" });
  });

  test("is made once, whichever answer is lost", async () => {
    store.faults.set([{ operations: ["tunnel/create"], times: 1, effect: { type: "dropReply" } }]);
    expect(await tunnel()).toMatchObject({ made: false });
    expect((await caller.call("tunnel/list", {})).tunnels).toHaveLength(1);
  });

  test("is described with its channels and the time of its making", async () => {
    const before = clock.now();
    await tunnel();
    const { tunnel: state, channels } = await describeTunnel(context, name);
    expect(Number(state.createTime! / 1_000_000n)).toBeGreaterThanOrEqual(before);
    expect(channels).toMatchObject([{ channelType: "Stream", channelStatus: "WAIT" }]);
  });

  test("is deleted, and it is no error that it is not there", async () => {
    await tunnel();
    expect(await drive(clock, deleteTunnel(context, name))).toBe(true);
    expect(await drive(clock, deleteTunnel(context, name))).toBe(false);
    await expect(describeTunnel(context, name)).rejects.toMatchObject({ code: "TF_TUNNEL_MISSING" });
  });
});

describe("first checkpoints", () => {
  test("are those of every channel, and leave the channels to whoever comes", async () => {
    for (const key of ["f", "m", "s"]) await splitPartition(caller, "t", key);
    await stream();
    const first = await checkpoints();
    const { channels } = await describeTunnel(context, name);
    expect(first.map(({ channelId }) => channelId).sort()).toEqual(channels.map(({ channelId }) => channelId).sort());
    expect(channels.map(({ channelStatus }) => channelStatus)).toEqual(["CLOSE", "CLOSE", "CLOSE", "CLOSE"]);
    const { clientId } = await new TunnelCaller(caller, (await tunnel()).tunnelId).join();
    for (const { channelId, token } of first) {
      expect((await new TunnelCaller(caller, (await tunnel()).tunnelId).getCheckpoint(clientId, channelId)).checkpoint).toBe(token);
    }
  });

  test("come without those of children that wait for their parents", async () => {
    await stream();
    const { tunnelId } = await tunnel();
    await splitPartition(caller, "t", "m");
    expect((await new TunnelCaller(caller, tunnelId).describe()).channels).toHaveLength(3);
    const began = clock.monotonic();
    expect(await checkpoints()).toHaveLength(1);
    expect(clock.monotonic() - began).toBeLessThan(5000);
  });

  test("are had though answers are lost on the way", async () => {
    await stream();
    await tunnel();
    store.faults.set([{ probability: 0.3, effect: { type: "dropReply" } }], 7);
    expect(await checkpoints()).toHaveLength(1);
    expect(store.faults.counts[0]!.struck).toBeGreaterThan(0);
  });

  test("of a tunnel that is gone are a coded error", async () => {
    const { tunnelId } = await tunnel();
    await drive(clock, deleteTunnel(context, name));
    await expect(drive(clock, firstCheckpoints(context, { ...name, tunnelId }))).rejects.toMatchObject({ code: "TF_TUNNEL_MISSING" });
  });
});
