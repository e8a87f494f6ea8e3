import { afterEach, describe, expect, test } from "vitest";
import type { FaultRule } from "../../../../src/server/test-controls/fault-rule.ts";
import { signedResponse } from "../../../../src/wire/headers.ts";
import { encodeErrorBody } from "../../../../src/wire/error-body.ts";
import type { RunChannel } from "../../../../src/sync/channel.ts";
import { HEARTBEAT_MS, keyIn, TIMEOUT_MS, TunnelWorld, type Worker } from "./tunnel-world.ts";

let world: TunnelWorld;
afterEach(() => world.close());

const begin = async (...made: Parameters<TunnelWorld["make"]>): Promise<void> => {
  world = await TunnelWorld.open();
  await world.make(...made);
};
const fault = (operation: NonNullable<FaultRule["operations"]>[number], effect: FaultRule["effect"], rest: Partial<FaultRule> = {}) =>
  world.controls.faults.set([{ operations: [operation], effect, ...rest }], 5);
const struck = () => world.controls.faults.counts[0]!.struck;
const stored = async (worker: Worker) => {
  const clientId = (await world.tunnel.describe()).channels[0]!.clientId!;
  return world.tunnel.getCheckpoint(clientId, worker.held.at(-1)!.channel.id);
};
/** A runner that hands its channel out and waits. */
const idle: RunChannel = ({ closing }) => new Promise((resolve) => closing.addEventListener("abort", () => resolve("closed")));
const holder = async (run: RunChannel = idle): Promise<Worker> => {
  await begin();
  const worker = world.work({ run });
  await world.until(() => worker.channels.length === 1);
  return worker;
};
/** Two tokens of the only channel: where it began, and behind a change. */
const tokens = async (worker: Worker): Promise<[string, string]> => {
  const { channel } = worker.held[0]!;
  await world.put("a");
  return [channel.start, (await channel.read(channel.start, world.never)).next];
};

describe("heartbeats whose answers are lost", () => {
  test("are sent again until one is answered, and nobody loses anything", async () => {
    await begin(3);
    const workers = [world.work(), world.work()];
    await world.until(() => workers.every(({ channels }) => channels.length > 0));
    for (const type of ["dropReply", "cutRequest"] as const) {
      fault("tunnel/heartbeat", { type }, { probability: 0.6 });
      for (let i = 0; i < 3; i++) await world.put(keyIn(i), BigInt(i));
      await world.pass(30_000);
      expect(struck()).toBeGreaterThan(10);
    }
    expect(workers.flatMap(({ held }) => held).filter(({ channel }) => channel.lost.aborted && !channel.closing.aborted)).toEqual([]);
    expect(workers.map(({ link }) => link.count("connect"))).toEqual([1, 1]);
    expect(workers.flatMap(({ seen }) => seen)).toHaveLength(6);
  });

  test("that told of the end of a parent do not keep its children back", async () => {
    await begin();
    const worker = world.work();
    await world.until(() => worker.channels.length === 1);
    fault("tunnel/heartbeat", { type: "dropReply" }, { times: 2 });
    await world.split("m");
    expect(await world.until(() => worker.channels.length === 2)).toBeLessThanOrEqual(HEARTBEAT_MS + 500);
    expect(worker.held.filter(({ end }) => end === "finished")).toHaveLength(1);
  });
});

describe("a checkpoint (R8)", () => {
  test("whose answer is lost is looked up, and is not stored twice", async () => {
    const worker = await holder();
    const [, second] = await tokens(worker);
    fault("tunnel/checkpoint", { type: "dropReply" }, { times: 1 });
    await worker.held[0]!.channel.checkpoint(second);
    expect(await stored(worker)).toEqual({ checkpoint: second, sequenceNumber: 1n });
    expect(worker.link.count("checkpoint")).toBe(1);
  });

  test("that did not arrive is sent again under the same number", async () => {
    const worker = await holder();
    const [, second] = await tokens(worker);
    fault("tunnel/checkpoint", { type: "cutRequest" }, { times: 3 });
    await world.during(worker.held[0]!.channel.checkpoint(second));
    expect(await stored(worker)).toEqual({ checkpoint: second, sequenceNumber: 1n });
    expect(worker.link.count("checkpoint")).toBe(4);
  });

  test("is given up after a number of tries", async () => {
    const worker = await holder();
    const [, second] = await tokens(worker);
    fault("tunnel/checkpoint", { type: "cutRequest" });
    await expect(world.during(worker.held[0]!.channel.checkpoint(second))).rejects.toMatchObject({ code: "TF_CONNECTION" });
    expect(worker.link.count("checkpoint")).toBe(6);
  });

  test("that somebody else has moved fences the channel, whichever way that shows", async () => {
    for (const lost of [false, true]) {
      const worker = await holder();
      const [first, second] = await tokens(worker);
      const { channel } = worker.held[0]!;
      const { clientId } = (await world.tunnel.describe()).channels[0]!;
      await world.tunnel.checkpoint(clientId!, channel.id, first, 1n);
      if (lost) fault("tunnel/checkpoint", { type: "cutRequest" }, { times: 1 });
      await expect(channel.checkpoint(second)).rejects.toMatchObject({ code: "TF_FENCED" });
      expect(channel.lost.aborted).toBe(true);
      expect(() => channel.fence.assertMaySend()).toThrow(/TF_FENCED/);
      if (!lost) await world.close();
    }
  });

  test("is stored in the order in which it was given, one after the other", async () => {
    const worker = await holder();
    const [, second] = await tokens(worker);
    await world.put("b");
    const { channel } = worker.held[0]!;
    const third = (await world.during(channel.read(second, world.never))).next;
    fault("tunnel/checkpoint", { type: "cutRequest" }, { times: 2 });
    await world.during(Promise.all([channel.checkpoint(second), channel.checkpoint(third)]));
    expect(await stored(worker)).toEqual({ checkpoint: third, sequenceNumber: 2n });
  });

  test("that stands there already is not sent again", async () => {
    const worker = await holder();
    await worker.held[0]!.channel.checkpoint(worker.held[0]!.channel.start);
    expect(worker.link.count("checkpoint")).toBe(0);
  });
});

describe("a channel whose run fails", () => {
  test("is given back, and run again after pauses that grow to half a minute; the failure is told once a text", async () => {
    await begin();
    const worker = world.work({ run: () => Promise.reject(new Error("the target is down")) });
    await world.pass(240_000, 100);
    const gaps = worker.held.slice(1).map(({ since }, i) => since - worker.held[i]!.since);
    expect(gaps[0]).toBeLessThan(1000);
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(15_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_200);
    expect(worker.held.length).toBeGreaterThan(8);
    expect(worker.notes).toEqual([expect.stringContaining("the target is down")]);
  });

  test("has not got on by storing the checkpoint it was given", async () => {
    await begin();
    const worker = world.work({
      run: async (channel) => {
        await channel.checkpoint(channel.start);
        throw new Error("down");
      },
    });
    await world.pass(60_000, 100);
    expect(worker.held.length).toBeLessThanOrEqual(10);
  });

  test("is run again soon once it had got on", async () => {
    await begin();
    let fails = 8;
    const worker: Worker = world.work({
      run: async (channel) => {
        if (fails-- > 0) throw new Error("down");
        await worker.follow(channel);
        throw new Error("down again");
      },
    });
    await world.until(() => fails < 0, 200_000, 100);
    await world.put("a");
    await world.until(() => worker.seen.length === 1);
    worker.run = () => Promise.reject(new Error("down"));
    await world.split("m");
    const before = worker.held.length;
    await world.until(() => worker.held.length > before, 5000);
  });

  test("that stops by itself is not run again and again without a pause", async () => {
    await begin();
    const worker = world.work({ run: () => Promise.resolve("closed") });
    await world.pass(10_000);
    expect(worker.held.length).toBeLessThanOrEqual(8);
  });

  test("that calls itself finished without the checkpoint is not reported so (R11)", async () => {
    await begin();
    const worker = world.work({ run: () => Promise.resolve("finished") });
    await world.pass(3000);
    expect((await world.tunnel.describe()).channels.map(({ channelStatus }) => channelStatus)).not.toContain("TERMINATED");
    expect(worker.notes[0]).toContain("TF_INTERNAL");
  });

  test("is run by one runner at a time, though the old one is slow to see that it was lost", async () => {
    await begin();
    let running = 0;
    let most = 0;
    const worker = world.work({
      run: async ({ lost }) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => lost.addEventListener("abort", resolve));
        await world.clock.sleep(5000);
        running--;
        throw lost.reason;
      },
    });
    await world.until(() => worker.channels.length === 1);
    worker.link.cut = true;
    await world.pass(TIMEOUT_MS + 100);
    worker.link.cut = false;
    await world.until(() => worker.held.length === 2, 60_000);
    expect(most).toBe(1);
  });
});

test("a restart of the server takes no channel from a session", async () => {
  await begin(2);
  const worker = world.work();
  await world.until(() => worker.channels.length === 2);
  await world.put(keyIn(0), 1n);
  await world.until(() => worker.seen.length === 1);
  await world.restart();
  await world.put(keyIn(1), 2n);
  await world.until(() => worker.seen.length === 2);
  await world.pass(TIMEOUT_MS);
  expect([worker.held.length, worker.notes]).toEqual([2, []]);
});

describe("a session that the tunnel has let go of", () => {
  test("connects again under another id and goes on behind its checkpoints", async () => {
    await begin(2);
    const worker = world.work();
    await world.until(() => worker.channels.length === 2);
    await world.put(keyIn(0), 1n);
    await world.until(() => worker.seen.length === 1);
    await world.pass(1000);
    await world.letGo();
    expect(await world.until(() => worker.held.length === 4)).toBeLessThanOrEqual(2 * HEARTBEAT_MS + 200);
    expect(worker.held.slice(0, 2).every(({ channel }) => channel.lost.aborted)).toBe(true);
    await world.put(keyIn(1), 2n);
    await world.until(() => worker.seen.length === 2);
    await world.pass(2000);
    expect(worker.seen).toEqual([`put ${keyIn(0)} n=1`, `put ${keyIn(1)} n=2`]);
    expect(worker.notes).toEqual([expect.stringMatching(/let go of this client .*; connecting again\.$/)]);
  });

  test("is back once the network is, after any time", async () => {
    await begin();
    const worker = world.work();
    await world.until(() => worker.channels.length === 1);
    worker.link.cut = true;
    await world.pass(90_000, 50);
    worker.link.cut = false;
    await world.put("a");
    expect(await world.until(() => worker.seen.length === 1)).toBeLessThan(10_000);
    expect(worker.notes).toHaveLength(2);
  });

  test("ends with the error when connecting has failed for too long", async () => {
    await begin();
    const worker = world.work({ patienceMs: 20_000, link: (link) => (link.cut = true) });
    await world.until(() => worker.isOver);
    expect(await worker.over).toMatchObject({ code: "TF_TIMEOUT" });
  });
});

describe("what ends a session", () => {
  test("a tunnel that was deleted: a coded error with the way out, and everything lost", async () => {
    await begin();
    const worker = world.work();
    await world.until(() => worker.channels.length === 1);
    await world.caller.call("tunnel/delete", { tableName: "t", tunnelName: "tunnel" });
    await world.until(() => worker.isOver, 2000);
    expect(await worker.over).toMatchObject({ code: "TF_TUNNEL_MISSING", wayOut: expect.stringContaining("--again") });
    expect(worker.held[0]!.channel.lost.reason).toMatchObject({ code: "TF_FENCED" });
  });

  test("a tunnel that never was", async () => {
    await begin();
    const worker = world.work({ tunnelId: "nope" });
    await world.until(() => worker.isOver, 1000);
    expect(await worker.over).toMatchObject({ code: "TF_TUNNEL_MISSING" });
  });

  test("a stream that was switched off: changes are gone", async () => {
    await begin();
    const worker = world.work();
    await world.until(() => worker.channels.length === 1);
    await world.caller.call("UpdateTable", { tableName: "t", stream: { enabled: false } });
    await world.until(() => worker.isOver, 2000);
    expect(await worker.over).toMatchObject({ code: "TF_CHANGES_EXPIRED" });
  });

  test("missing permission", async () => {
    await begin();
    const denied = encodeErrorBody("OTSPermissionDenied", "Instance not found");
    const { id, secret } = world.server.rootKey;
    const worker = world.work({
      link: (link) => {
        link.intercept = (name, { path }) =>
          name === "connect" ? Promise.resolve(signedResponse(path, 403, denied, "1", world.now, { id, secret })) : undefined;
      },
    });
    await world.until(() => worker.isOver, 1000);
    expect(await worker.over).toMatchObject({ code: "OTSPermissionDenied" });
  });
});
