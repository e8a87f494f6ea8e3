import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";
import { stateKeys } from "../../../src/pipeline/state-keys.ts";
import { appliedPosition } from "../../../src/sync/applied-position.ts";
import type { ChannelRecord } from "../../../src/sync/channel-record.ts";
import { noCounts, type ChannelState } from "../../../src/sync/channel-progress.ts";
import type { WorkerRecord } from "../../../src/sync/worker-record.ts";

/** What workers have told, put straight into the state. */
class Told {
  readonly clock = new VirtualClock();
  readonly state = new MemoryStateStore();
  channels: string[] = ["c"];

  holds(worker: string, channel: string, finished = false): void {
    const record: ChannelRecord = { worker, open: true, doubtMs: 1, finished };
    this.state.entries.set(stateKeys.channel("j", channel), { token: worker, seq: 1, value: JSON.stringify(record) });
  }

  caughtUp(worker: string, channel: string, at: number | null): void {
    const now = this.clock.now();
    const one: ChannelState = {
      id: channel,
      kind: "stream",
      doing: "reading",
      counts: noCounts,
      appliedThrough: null,
      oldestWaiting: null,
      caughtUpAt: at,
      arriving: null,
      lastSign: now,
    };
    const owner = { host: "h", boot: "", pidSpace: "", pid: 1, started: "" };
    const told = { since: now, beat: now, beatMs: 2000, doing: "streaming", counts: noCounts, changesPerSecond: 0 } as const;
    const record: WorkerRecord = { worker, owner, ...told, channels: [one] };
    this.state.entries.set(stateKeys.worker("j", worker), { token: worker, seq: 1, value: JSON.stringify(record) });
  }

  /** Whether it is said within some seconds that everything before the moment is applied. */
  async passed(moment: number): Promise<boolean> {
    const { state, clock } = this;
    const position = appliedPosition({ state, job: "j", clock, channels: () => Promise.resolve(this.channels), clockSkewMs: 0 });
    const end = new AbortController();
    let passed = false;
    const waiting = position.passed(moment, end.signal).then(
      () => (passed = true),
      () => undefined,
    );
    await clock.advance(5000);
    end.abort(new Error("enough"));
    await clock.advance(1000);
    await waiting;
    return passed;
  }
}

describe("how far a sync has come, as verification and cut-over ask (R7, R12)", () => {
  test("the moment is passed once the channel's holder has seen it empty after that moment", async () => {
    const told = new Told();
    told.holds("w", "c");
    told.caughtUp("w", "c", 1000);
    expect([await told.passed(1000), await told.passed(1001)]).toEqual([true, false]);
  });

  test("the word of a predecessor does not count: its successor applies changes once more", async () => {
    const told = new Told();
    told.caughtUp("dead", "c", 5000);
    told.holds("new", "c");
    told.caughtUp("new", "c", null);
    expect(await told.passed(1000)).toBe(false);
  });

  test("a channel that nobody has held yet is not passed", async () => {
    const told = new Told();
    told.holds("w", "c");
    told.caughtUp("w", "c", 5000);
    told.channels = ["c", "child"];
    expect(await told.passed(1000)).toBe(false);
  });

  test("a finished channel is passed, whatever its worker tells now", async () => {
    const told = new Told();
    told.holds("w", "c", true);
    expect(await told.passed(1000)).toBe(true);
  });

  test("no channel at all is no proof: they have yet to be made", async () => {
    const told = new Told();
    told.channels = [];
    expect(await told.passed(1000)).toBe(false);
  });
});
