import { afterEach, describe, expect, test } from "vitest";
import { SendTooLate } from "../../../../src/pipeline/fence.ts";
import type { Clock } from "../../../../src/base/clock.ts";
import { TIMEOUT_MS, TunnelWorld, type Worker } from "./tunnel-world.ts";

const DEADLINE_MS = TIMEOUT_MS / 10;

let world: TunnelWorld;
afterEach(() => world.close());

/** A worker that holds the only channel. */
async function holder(options: Parameters<TunnelWorld["work"]>[0] = {}): Promise<Worker> {
  world = await TunnelWorld.open();
  await world.make();
  const worker = world.work(options);
  await world.until(() => worker.channels.length === 1);
  return worker;
}
const lastHeartbeat = ({ link }: Worker) => link.sent.findLast(({ name }) => name === "heartbeat")!.at;
const fenceOf = (worker: Worker) => worker.held[0]!.channel.fence;

describe("the fence of a channel (R2)", () => {
  test("stands as long as heartbeats are answered, and names the deadline of a write", async () => {
    const worker = await holder();
    for (let i = 0; i < 60; i++) {
      await world.pass(1000);
      expect(() => fenceOf(worker).assertMaySend()).not.toThrow();
    }
    expect(fenceOf(worker).requestDeadlineMs).toBe(DEADLINE_MS);
  });

  test("falls at the last answered heartbeat's sending + time-out − request deadline, not a moment later", async () => {
    const worker = await holder();
    await world.pass(5500);
    const good = lastHeartbeat(worker);
    worker.link.cut = true;
    await world.until(() => world.now >= good + TIMEOUT_MS - DEADLINE_MS);
    expect(() => fenceOf(worker).assertMaySend()).not.toThrow();
    await world.clock.advance(1);
    expect(() => fenceOf(worker).assertMaySend()).toThrow(SendTooLate);
  });

  test("counts from when a heartbeat was sent, however late it was answered", async () => {
    const worker = await holder();
    world.controls.faults.set([{ operations: ["tunnel/heartbeat"], effect: { type: "delay", ms: 1300 } }]);
    await world.pass(10_000);
    const good = worker.link.sent.filter(({ name, at }) => name === "heartbeat" && at <= world.now - 1300).at(-1)!.at;
    worker.link.cut = true;
    await world.until(() => world.now >= good + TIMEOUT_MS - DEADLINE_MS - 10);
    expect(() => fenceOf(worker).assertMaySend()).not.toThrow();
    await world.pass(20);
    expect(() => fenceOf(worker).assertMaySend()).toThrow(SendTooLate);
  });

  test("is fallen for good once the time-out has passed, and everything of the channel is aborted with TF_FENCED", async () => {
    const worker = await holder();
    const { fence, lost, closing } = worker.held[0]!.channel;
    worker.link.cut = true;
    const good = lastHeartbeat(worker);
    await world.until(() => lost.aborted);
    expect(world.now - good).toBeGreaterThanOrEqual(TIMEOUT_MS);
    expect(world.now - good).toBeLessThanOrEqual(TIMEOUT_MS + 20);
    expect(lost.reason).toMatchObject({ code: "TF_FENCED" });
    expect(closing.aborted).toBe(true);
    worker.link.cut = false;
    await world.until(() => worker.channels.length === 1);
    expect(() => fence.assertMaySend()).toThrow(/TF_FENCED/);
    await expect(fence.ready()).rejects.toMatchObject({ code: "TF_FENCED" });
    expect(() => worker.held.at(-1)!.channel.fence.assertMaySend()).not.toThrow();
  });

  test("lets a write wait for a fresh heartbeat where only one is due, and asks for it at once", async () => {
    // Heartbeats of the caller's choice that come far too seldom for this time-out.
    const worker = await holder({ heartbeatMs: 14_500 });
    await world.pass(TIMEOUT_MS - DEADLINE_MS + 500);
    expect(() => fenceOf(worker).assertMaySend()).toThrow(SendTooLate);
    const before = world.now;
    let ready = false;
    void fenceOf(worker)
      .ready()
      .then(() => (ready = true));
    await world.until(() => ready);
    expect(world.now - before).toBeLessThanOrEqual(20);
    expect(() => fenceOf(worker).assertMaySend()).not.toThrow();
  });

  test("gives up waiting when its caller does", async () => {
    const worker = await holder();
    worker.link.cut = true;
    await world.pass(TIMEOUT_MS - DEADLINE_MS + 500);
    const giveUp = new AbortController();
    const ready = fenceOf(worker).ready(giveUp.signal);
    giveUp.abort(new Error("enough"));
    await expect(ready).rejects.toThrow("enough");
  });

  test("of a machine that was stopped and goes on is fallen before anything else has run", async () => {
    const worker = await holder();
    const { fence, lost } = worker.held[0]!.channel;
    // Time has passed and nothing ran: no timer, no promise.
    const stopped = world.clock.monotonic() + 20_000;
    world.clock.monotonic = () => stopped;
    expect(() => fence.assertMaySend()).toThrow(/TF_FENCED: no heartbeat was answered for/);
    expect(lost.aborted, "it is the check that sees it, not a timer").toBe(false);
  });

  test("of a machine that slept is seen by the wall clock, where the monotonic one stood still", async () => {
    let slept = 0;
    world = await TunnelWorld.open();
    await world.make();
    const { clock: inner } = world;
    const clock: Clock = {
      now: () => inner.now() + slept,
      nowMicros: () => inner.nowMicros() + slept * 1000,
      monotonic: () => inner.monotonic(),
      sleep: (ms, signal) => inner.sleep(ms, signal),
      after: (ms, run) => inner.after(ms, run),
    };
    const worker = world.work({ clock });
    await world.until(() => worker.channels.length === 1);
    const { fence, lost } = worker.held[0]!.channel;
    slept = 60_000;
    expect(() => fence.assertMaySend()).toThrow(/TF_FENCED/);
    await world.until(() => lost.aborted, 3000);
    // The server's clock has not moved on: there the client that slept holds the channel until its time-out.
    await world.until(() => worker.channels.length === 1, 2 * TIMEOUT_MS);
  });

  test("falls for a channel that another client has, while the others' stand", async () => {
    world = await TunnelWorld.open();
    await world.make(2);
    const worker = world.work();
    await world.until(() => worker.channels.length === 2);
    const [gone, kept] = worker.held;
    await world.caller.call("tunnel/schedule", {
      tunnelId: world.tunnel.tunnelId,
      channels: [{ channelId: gone!.channel.id, version: 1n, status: "terminated" }],
    });
    await world.until(() => gone!.channel.lost.aborted, 1500);
    expect(gone!.channel.lost.reason).toMatchObject({ code: "TF_FENCED" });
    expect(() => gone!.channel.fence.assertMaySend()).toThrow(/TF_FENCED/);
    expect(() => kept!.channel.fence.assertMaySend()).not.toThrow();
    await world.pass(5000);
    expect(kept!.end).toBeUndefined();
  });

  test("falls for a runner that does not give its channel back within a time-out of being asked", async () => {
    world = await TunnelWorld.open();
    await world.make(2);
    const stubborn = world.work({ run: () => new Promise(() => undefined) });
    await world.until(() => stubborn.channels.length === 2);
    const second = world.work();
    const asked = await world.until(() => stubborn.held.some(({ channel }) => channel.closing.aborted));
    const { channel } = stubborn.held.find((held) => held.channel.closing.aborted)!;
    expect(asked).toBeLessThan(3000);
    const ms = await world.until(() => second.channels.length === 1);
    expect(ms).toBeGreaterThanOrEqual(TIMEOUT_MS);
    expect(ms).toBeLessThanOrEqual(TIMEOUT_MS + 1100);
    expect(() => channel.fence.assertMaySend()).toThrow(/TF_FENCED: it was asked back/);
  });
});
