import { expect, test } from "vitest";
import type { ChannelState } from "../../../src/sync/channel-progress.ts";
import { noCounts } from "../../../src/sync/channel-progress.ts";
import { Drain, drainOrderOf } from "../../../src/sync/drain.ts";
import type { WorkerRecord } from "../../../src/sync/worker-record.ts";

const ordered = 1000;

function held(id: string, caughtUpAt: number | null, doing: ChannelState["doing"] = "reading"): ChannelState {
  return {
    id,
    kind: "stream",
    doing,
    counts: noCounts,
    appliedThrough: null,
    oldestWaiting: null,
    caughtUpAt,
    arriving: null,
    lastSign: 0,
  };
}

function worker(drained: WorkerRecord["drained"]): WorkerRecord {
  const owner = { host: "", boot: "", pidSpace: "", pid: 1, started: "" };
  return {
    worker: "other",
    owner,
    since: 0,
    beat: 0,
    beatMs: 2000,
    doing: "draining",
    counts: noCounts,
    changesPerSecond: 0,
    channels: [],
    drained,
  };
}

test("a worker that holds no channel has not drained those of a dead one", () => {
  const drain = new Drain("order", ordered);
  drain.look([]);
  expect(drain.isOver(["a"], [])).toBe(false);
});

test("a channel is drained once it was read to its end after the order, and stays so when it is handed over", () => {
  const drain = new Drain("order", ordered);
  drain.look([held("a", ordered - 1), held("b", null, "finished")]);
  expect(drain.isOver(["a", "b"], [])).toBe(false);
  drain.look([held("a", ordered)]);
  drain.look([]);
  expect(drain.isOver(["a", "b"], [])).toBe(true);
});

test("another worker's word counts for the same order only", () => {
  const drain = new Drain("order", ordered);
  expect(drain.isOver(["a"], [worker({ order: "an earlier one", channels: ["a"] })])).toBe(false);
  expect(drain.isOver(["a"], [worker({ order: "order", channels: ["a"] })])).toBe(true);
});

test("an order that holds for the set and one for the table are an order of their own", () => {
  const draining = (drainOrder: string) => ({ paused: false, draining: true, drainOrder });
  expect(drainOrderOf([draining("one"), { paused: true, draining: false, drainOrder: "old" }])).toBe("one");
  expect(drainOrderOf([draining("one"), draining("two")])).toBe("one two");
  expect(drainOrderOf([{ paused: false, draining: false, drainOrder: "old" }])).toBeUndefined();
});
