import { expect, test } from "vitest";
import { seededChance } from "../../../src/base/chance.ts";
import { Gate } from "../../../src/base/gate.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { openFence } from "../../../src/pipeline/fence.ts";
import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";
import { Throttle } from "../../../src/pipeline/throttle.ts";
import { ChannelEntry } from "../../../src/sync/channel-record.ts";
import { ChannelRun } from "../../../src/sync/channel-run.ts";
import type { HeldChannel } from "../../../src/sync/channel.ts";

const doubtMs = 3500;

/** Whatever waits for no time has happened. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A channel without changes, until it is asked back. */
function channelIn(closing: AbortController): HeldChannel {
  return {
    ...{ id: "a", kind: "stream", start: "start", fence: openFence, closing: closing.signal },
    lost: new AbortController().signal,
    read: (_token, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    checkpoint: () => Promise.resolve(),
  };
}

function runOn(
  state: MemoryStateStore,
  clock: VirtualClock,
  closing: AbortController,
): { run: Promise<string>; openedAt: () => number | undefined } {
  let openedAt: number | undefined;
  const run = new ChannelRun(
    {
      ...{ job: "job", worker: "successor", state, clock, chance: seededChance(1), doubtMs },
      target: { write: () => Promise.reject(new Error("nothing is written")) },
      ...{
        room: new Gate(1000),
        slots: new Gate(1),
        throttle: new Throttle(clock, {}),
        aheadBytes: 1000,
        checkpointMs: 1000,
      },
      allowed: () => Promise.resolve(),
      applier: () => {
        openedAt = clock.monotonic();
        return Promise.resolve({ apply: () => Promise.reject(new Error("nothing is applied")) });
      },
    },
    channelIn(closing),
  ).run();
  return { run, openedAt: () => openedAt };
}

test("what a predecessor parked at last is looked for only when all it sent has taken effect (R2, R6)", async () => {
  const [state, clock, closing] = [new MemoryStateStore(), new VirtualClock(), new AbortController()];
  await ChannelEntry.take(state, "job", "a", { worker: "predecessor", doubtMs });
  const began = clock.monotonic();
  const { run, openedAt } = runOn(state, clock, closing);
  await settled();
  await clock.advance(doubtMs - 1);
  expect(openedAt()).toBeUndefined();
  await clock.advance(1);
  expect(openedAt()).toBe(began + doubtMs);
  closing.abort(new Error("asked back"));
  expect(await run).toBe("closed");
});

test("a channel that is asked back while its predecessor is waited out is given back at once", async () => {
  const [state, clock, closing] = [new MemoryStateStore(), new VirtualClock(), new AbortController()];
  await ChannelEntry.take(state, "job", "a", { worker: "predecessor", doubtMs });
  const { run, openedAt } = runOn(state, clock, closing);
  await settled();
  await clock.advance(10);
  closing.abort(new Error("asked back"));
  expect(await run).toBe("closed");
  expect(openedAt()).toBeUndefined();
});
