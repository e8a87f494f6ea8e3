import { afterEach, describe, expect, test } from "vitest";
import { signedResponse } from "../../../../src/wire/headers.ts";
import type { TunnelChannel } from "../../../../src/wire/operation/tunnel-channel.ts";
import { tunnelHeartbeat } from "../../../../src/wire/operation/tunnel-heartbeat.ts";
import { HEARTBEAT_MS, keyIn, TIMEOUT_MS, TunnelWorld, type Worker } from "./tunnel-world.ts";

let world: TunnelWorld;
afterEach(() => world.close());

const begin = async (...made: Parameters<TunnelWorld["make"]>): Promise<TunnelWorld> => {
  world = await TunnelWorld.open();
  await world.make(...made);
  return world;
};
const spread = (...workers: readonly Worker[]) => workers.map(({ channels }) => channels.length).sort();
const statuses = async () => (await world.tunnel.describe()).channels.map(({ channelStatus }) => channelStatus);
const allSeen = (...workers: readonly Worker[]) => workers.flatMap(({ seen }) => seen);

describe("a session alone", () => {
  test("is handed every channel with its first heartbeat, and follows the changes of each", async () => {
    await begin(4);
    const worker = world.work();
    expect(await world.until(() => worker.channels.length === 4)).toBeLessThan(100);
    for (let i = 0; i < 4; i++) await world.put(keyIn(i), BigInt(i));
    await world.until(() => worker.seen.length === 4);
    expect(worker.seen.sort()).toEqual([0, 1, 2, 3].map((i) => `put ${keyIn(i)} n=${i}`));
    expect(worker.notes).toEqual([]);
  });

  test("sends a heartbeat every fifteenth of its time-out", async () => {
    await begin();
    const { link } = world.work();
    await world.pass(10_500);
    expect(link.count("heartbeat")).toBe(11);
  });

  test("ends in order: channels closed, that told, and signed off", async () => {
    await begin(3);
    const worker = world.work();
    await world.until(() => worker.channels.length === 3);
    worker.stop.abort();
    expect(await world.until(() => worker.isOver)).toBeLessThan(100);
    expect(await worker.over).toBeUndefined();
    expect(worker.held.map(({ end }) => end)).toEqual(["closed", "closed", "closed"]);
    expect(await statuses()).toEqual(["CLOSE", "CLOSE", "CLOSE"]);
    expect(worker.link.sent.slice(-2).map(({ name }) => name)).toEqual(["heartbeat", "shutdown"]);
  });

  test("that is asked to end waits for what is under way, and lets its fence fall behind each channel", async () => {
    await begin(2);
    const worker = world.work({
      run: async ({ closing }) => {
        await new Promise((resolve) => closing.addEventListener("abort", resolve));
        await world.clock.sleep(4000);
        return "closed";
      },
    });
    await world.until(() => worker.channels.length === 2);
    const { fence } = worker.held[0]!.channel;
    worker.stop.abort();
    await world.pass(3900);
    expect(() => fence.assertMaySend()).not.toThrow();
    await world.until(() => worker.isOver);
    expect(() => fence.assertMaySend()).toThrow(/TF_FENCED/);
    expect(await statuses()).toEqual(["CLOSE", "CLOSE"]);
  });

  test("tells of each closed channel before it signs off, also of one that closes while a heartbeat is under way", async () => {
    await begin(2);
    const worker = world.work({
      run: async ({ closing }) => {
        await new Promise((resolve) => closing.addEventListener("abort", resolve));
        await world.clock.sleep(200);
        return "closed";
      },
    });
    await world.until(() => worker.channels.length === 2);
    const told: string[][] = [];
    worker.link.intercept = (name, { body }) => {
      if (name === "heartbeat") told.push(tunnelHeartbeat.decodeRequest(body).channels.map(({ status }) => status));
      return undefined;
    };
    world.controls.faults.set([{ operations: ["tunnel/heartbeat"], effect: { type: "delay", ms: 500 } }]);
    worker.stop.abort();
    await world.until(() => worker.isOver);
    expect(told).toEqual([
      ["open", "open"],
      ["close", "close"],
    ]);
  });

  test("answers at once that a channel it does not run is closed, when it is asked to close it", async () => {
    await begin();
    const { id, secret } = world.server.rootKey;
    const told: (readonly TunnelChannel[])[] = [];
    const worker = world.work({
      link: (link) => {
        link.intercept = (name, { path, body }) => {
          if (name !== "heartbeat") return undefined;
          const { channels } = tunnelHeartbeat.decodeRequest(body);
          told.push(channels);
          const reply = channels.length === 0 ? [{ channelId: "c", version: 2n, status: "closing" as const }] : [];
          return Promise.resolve(
            signedResponse(path, 200, tunnelHeartbeat.encodeResponse({ channels: reply }), "1", world.now, { id, secret }),
          );
        };
      },
    });
    await world.breathe();
    expect(told.slice(0, 2)).toEqual([[], [{ channelId: "c", version: 3n, status: "close" }]]);
    expect(worker.held).toEqual([]);
  });

  test("that is killed drops everything at once, sends nothing more and rejects with the reason", async () => {
    await begin(2);
    const worker = world.work();
    await world.until(() => worker.channels.length === 2);
    const { sent } = worker.link;
    const before = sent.length;
    worker.kill.abort(new Error("crashed"));
    await world.pass(TIMEOUT_MS);
    expect(await worker.over).toMatchObject({ message: "crashed" });
    expect(sent.length).toBe(before);
    expect(worker.held.every(({ channel }) => channel.lost.aborted)).toBe(true);
  });

  test("that is asked to end before it could connect is over", async () => {
    await begin();
    const worker = world.work({ link: (link) => (link.cut = true) });
    await world.pass(500);
    worker.stop.abort();
    await world.breathe();
    expect(worker.isOver).toBe(true);
    expect(await worker.over).toBeUndefined();
  });

  test("reads base data to its end, then the stream, which begins where the tunnel was made", async () => {
    world = await TunnelWorld.open();
    await world.caller.createTable("t", [{ name: "pk", type: "string" }]);
    await world.put("old");
    await world.makeOnTable("BaseAndStream");
    await world.put("new");
    const worker = world.work();
    await world.until(() => worker.seen.length === 3);
    expect(worker.held.map(({ channel: { kind }, end }) => [kind, end])).toEqual([
      ["base", "finished"],
      ["stream", undefined],
    ]);
    expect(worker.seen).toEqual(["put new n=0", "put old n=0", "put new n=0"]);
  });
});

describe("several sessions", () => {
  test("share the channels evenly, and see each change once", async () => {
    await begin(8);
    const workers = [world.work(), world.work(), world.work()];
    await world.until(() => spread(...workers).join() === "2,3,3");
    for (let i = 0; i < 8; i++) await world.put(keyIn(i));
    await world.until(() => allSeen(...workers).length >= 8);
    await world.pass(1000);
    expect(allSeen(...workers).sort()).toEqual(Array.from({ length: 8 }, (_, i) => `put ${keyIn(i)} n=0`));
  });

  test("make room for one that joins, within two heartbeats, and nothing is read by two at once", async () => {
    await begin(6);
    const first = world.work();
    await world.until(() => first.channels.length === 6);
    const second = world.work();
    expect(await world.until(() => spread(first, second).join() === "3,3")).toBeLessThanOrEqual(2 * HEARTBEAT_MS + 100);
    for (const { channel, since } of second.held) {
      const before = first.held.find((held) => held.channel.id === channel.id)!;
      expect(before.end).toBe("closed");
      expect(since).toBeGreaterThanOrEqual(before.endedAt);
    }
  });

  test("take over what one leaves within a heartbeat, behind its last checkpoint", async () => {
    await begin(4);
    const [staying, leaving] = [world.work(), world.work()];
    await world.until(() => spread(staying, leaving).join() === "2,2");
    for (let i = 0; i < 4; i++) await world.put(keyIn(i));
    await world.until(() => allSeen(staying, leaving).length === 4);
    leaving.stop.abort();
    expect(await world.until(() => staying.channels.length === 4)).toBeLessThanOrEqual(HEARTBEAT_MS + 100);
    await world.pass(2000);
    expect(allSeen(staying, leaving)).toHaveLength(4);
  });

  test("have what a dead one held after its time-out and a heartbeat at the latest", async () => {
    await begin(4);
    const [staying, dying] = [world.work(), world.work()];
    await world.until(() => spread(staying, dying).join() === "2,2");
    const wanted = dying.channels;
    dying.kill.abort(new Error("killed"));
    dying.link.cut = true;
    const ms = await world.until(() => staying.channels.length === 4);
    expect(ms).toBeLessThanOrEqual(TIMEOUT_MS + HEARTBEAT_MS + 100);
    const reads = () => staying.link.count("readrecords");
    const before = reads();
    await world.until(() => reads() >= before + 2, 1000);
    expect(wanted.every((id) => staying.channels.includes(id))).toBe(true);
  });

  test("give parents to children in one round trip, also across workers", async () => {
    await begin(1);
    const [first, second] = [world.work(), world.work()];
    await world.until(() => spread(first, second).join() === "0,1");
    for (const pk of ["a", "z"]) await world.put(pk, 1n);
    await world.split("m");
    for (const pk of ["a", "z"]) await world.put(pk, 2n);
    await world.until(() => allSeen(first, second).length === 4);
    const byKey = (pk: string) => allSeen(first, second).filter((text) => text.includes(` ${pk} `));
    expect(byKey("a")).toEqual(["put a n=1", "put a n=2"]);
    expect(byKey("z")).toEqual(["put z n=1", "put z n=2"]);
    const parent = [first, second].flatMap(({ held }) => held).find(({ end }) => end === "finished")!;
    const children = [first, second].flatMap(({ held }) => held).filter(({ channel }) => channel.id !== parent.channel.id);
    for (const { since } of children) expect(since).toBeGreaterThanOrEqual(parent.endedAt);
    expect(Math.min(...children.map(({ since }) => since)) - parent.endedAt).toBeLessThanOrEqual(20);
    await world.until(() => spread(first, second).join() === "1,1");
    expect(await statuses()).toEqual(["TERMINATED", "OPEN", "OPEN"]);
  });

  test("take in at once that a channel was finished by one that died before it said so", async () => {
    await begin(1);
    await world.split("m");
    const dying = world.work();
    dying.link.intercept = (name) =>
      name === "heartbeat" && dying.held.some(({ end }) => end === "finished") ? new Promise(() => undefined) : undefined;
    await world.until(() => dying.held.some(({ end }) => end === "finished"));
    dying.kill.abort(new Error("killed"));
    const next = world.work();
    await world.until(() => next.channels.length === 2);
    expect(next.held[0]).toMatchObject({ end: "finished", channel: { start: "finished" } });
    expect(next.link.count("readrecords", 0, next.held[0]!.endedAt)).toBe(0);
  });
});
