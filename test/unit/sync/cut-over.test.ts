import { describe, expect, test } from "vitest";
import { hasCode, TableferryError } from "../../../src/base/error.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { cutOverSpec } from "../../../src/job/sync-spec.ts";
import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";
import type { StateStore } from "../../../src/pipeline/state-store.ts";
import { cutOver, type CutOverActs, type CutOverResult, type WriterFence } from "../../../src/sync/cut-over/cut-over.ts";
import { peekCutOver, type Way } from "../../../src/sync/cut-over/cut-over-record.ts";

type Side = "source" | "target";

/** Two sides and the sync between them; what processes do to it stays when they are killed. */
class Sides {
  readonly clock = new VirtualClock();
  readonly state = new MemoryStateStore();
  readonly open = new Set<Side>(["source"]);
  readonly log: string[] = [];
  /** Writes that the sync has not carried over. */
  behind = 0;
  differences: string[] = [];
  drainMs = 100;
  workers: "running" | "handed over" = "running";
  tunnelOfWayBack = "old";
  bothOpen = false;

  /** A process that is killed before its n-th step; whatever it tries after that has no effect. */
  process(steps = Infinity) {
    let left = steps;
    const step = <T>(name: string, act: () => Promise<T> | T): Promise<T> => {
      if (left-- <= 0) return Promise.reject(new Error("killed"));
      this.log.push(name);
      return Promise.resolve(act());
    };
    const fence: WriterFence = {
      close: (side) => step(`close ${side}`, () => void this.open.delete(side)),
      open: (side) =>
        step(`open ${side}`, () => {
          this.open.add(side);
          if (this.open.size > 1) this.bothOpen = true;
        }),
    };
    const acts: CutOverActs = {
      eager: (on) => step(`eager ${on}`, () => undefined),
      passed: (_moment, signal) =>
        step("passed", async () => {
          await this.clock.sleep(this.drainMs, signal);
          this.behind = 0;
        }),
      prove: () => step("prove", () => this.differences),
      handOver: () => step("hand over", () => void (this.workers = "handed over")),
      takeBack: () => step("take back", () => void (this.workers = "running")),
      turn: () =>
        step("turn", () => {
          if (this.workers !== "handed over") throw new Error("workers could still write");
          this.tunnelOfWayBack = "new";
        }),
    };
    const state: StateStore = {
      title: "state",
      get: (key) => this.state.get(key),
      compareAndSet: (key, expected, next) =>
        step(`record ${(JSON.parse(next.value) as { step: string }).step}`, () => this.state.compareAndSet(key, expected, next)),
      scan: (prefix) => this.state.scan(prefix),
      remove: (key) => this.state.remove(key),
      close: () => Promise.resolve(),
    };
    return { fence, acts, state };
  }

  async run(to: Way, { steps, maxFenceSeconds = 60 }: { steps?: number; maxFenceSeconds?: number } = {}): Promise<CutOverResult> {
    const { fence, acts, state } = this.process(steps);
    const running = cutOver({
      ...{ job: "orders", state, fence, acts, to, clock: this.clock },
      token: `t${this.log.length}`,
      spec: cutOverSpec.parse({ maxFenceSeconds }),
      signal: new AbortController().signal,
      note: () => undefined,
    });
    let settled = false;
    void running.catch(() => undefined).then(() => (settled = true));
    while (!settled) await this.clock.advance(500);
    return await running;
  }
}

describe("a cut-over (R12)", () => {
  test("closes, drains, proves, hands over, turns and opens, in this order", async () => {
    const sides = new Sides();
    const result = await sides.run("back");
    expect(sides.log.filter((step) => !/^record|^eager/.test(step))).toEqual([
      "close source",
      "passed",
      "prove",
      "hand over",
      "turn",
      "open target",
    ]);
    expect([...sides.open]).toEqual(["target"]);
    expect(result).toMatchObject({ outcome: "turned", way: "back", turns: 1 });
    expect(result.fenceSeconds).toBeGreaterThan(2);
  });

  test("made already, there is nothing to do", async () => {
    const sides = new Sides();
    await sides.run("back");
    expect(await sides.run("back")).toMatchObject({ outcome: "nothing-to-do" });
  });

  test("goes the way back as it came", async () => {
    const sides = new Sides();
    await sides.run("back");
    sides.workers = "running";
    await sides.run("forward");
    expect([...sides.open]).toEqual(["source"]);
    expect(await peekCutOver(sides.state, "orders")).toMatchObject({ way: "forward", turns: 2, step: "idle" });
  });

  test("killed before any of its steps and run again, it comes to the same end, and never are both sides open", async () => {
    let kills = 0;
    for (let steps = 0; ; steps++) {
      const sides = new Sides();
      const outcome = await sides.run("back", { steps }).catch((error: Error) => error);
      if (!(outcome instanceof Error)) break;
      kills++;
      await sides.run("back");
      expect([...sides.open], `killed before step ${steps}`).toEqual(["target"]);
      expect(sides.tunnelOfWayBack).toBe("new");
      expect(sides.bothOpen).toBe(false);
    }
    expect(kills).toBeGreaterThan(10);
  });

  test("killed twice, likewise", async () => {
    for (let first = 0; first < 16; first++) {
      for (let second = 0; second < 16; second++) {
        const sides = new Sides();
        await sides.run("back", { steps: first }).catch(() => undefined);
        await sides.run("back", { steps: second }).catch(() => undefined);
        await sides.run("back");
        expect([...sides.open], `killed before steps ${first} and ${second}`).toEqual(["target"]);
      }
    }
  });

  const retreats: readonly (readonly [string, (sides: Sides) => void, string])[] = [
    ["a row differs", (sides) => void (sides.differences = ["missing id=1"]), "TF_DIFFERENT"],
    ["draining takes longer than writers may be kept out", (sides) => void (sides.drainMs = 120_000), "TF_TIMEOUT"],
  ];
  test.each(retreats)("goes back when %s: the side that was open is open again, and workers go on", async (_, disturb, reason) => {
    const sides = new Sides();
    disturb(sides);
    await expect(sides.run("back")).rejects.toSatisfy((error) => hasCode(error, "TF_CUT_OVER_RETREATED"));
    expect([...sides.open]).toEqual(["source"]);
    expect(sides.workers).toBe("running");
    const record = await peekCutOver(sides.state, "orders");
    expect(record).toMatchObject({ way: "forward", step: "idle" });
    expect(record.retreat).toContain(reason);
  });

  test("a fence that was left standing too long by a killed run is taken down before anything else", async () => {
    const sides = new Sides();
    await sides.run("back", { steps: 6 }).catch(() => undefined);
    expect(sides.open.size).toBe(0);
    await sides.clock.advance(600_000);
    await expect(sides.run("back")).rejects.toSatisfy((error) => hasCode(error, "TF_CUT_OVER_RETREATED"));
    expect([...sides.open]).toEqual(["source"]);
  });

  test("two at once: the second finds the record changed and ends", async () => {
    const sides = new Sides();
    const both = await Promise.allSettled([sides.run("back"), sides.run("back")]);
    const failures = both.filter((one) => one.status === "rejected").map((one) => one.reason as TableferryError);
    expect(failures.map(({ code }) => code)).toEqual(["TF_FENCED"]);
    expect(sides.open.size).toBe(1);
    expect(sides.bothOpen).toBe(false);
  });
});
