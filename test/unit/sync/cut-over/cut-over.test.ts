import { beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../../../src/base/virtual-clock.ts";
import { cutOverSpec } from "../../../../src/job/sync-spec.ts";
import { MemoryStateStore } from "../../../../src/pipeline/memory-state-store.ts";
import { cutOver, type CutOverActs } from "../../../../src/sync/cut-over/cut-over.ts";
import { peekCutOver, type Way } from "../../../../src/sync/cut-over/cut-over-record.ts";
import { drive } from "../../support/drive.ts";

type Side = "source" | "target";

/** Both sides, their doors and the sync between them; whatever is done to them is written down, and may fail once. */
class World {
  readonly clock = new VirtualClock();
  readonly state = new MemoryStateStore();
  readonly done: string[] = [];
  readonly closed = new Set<Side>(["target"]);
  readonly notes: string[] = [];
  /** Fails the act of this name, the first time. */
  fails: string | undefined;
  /** Kills the run at the act of this name, the first time: before it has any effect. */
  dies: string | undefined;
  /** What happens besides, when the act of this name begins. */
  meanwhile: { readonly at: string; readonly run: () => Promise<void> } | undefined;
  differences: readonly string[] = [];
  #token = 0;
  #killed: ((how: "killed") => void) | undefined;

  run(to: Way, more: { readonly maxFenceSeconds?: number; readonly drainMs?: number } = {}) {
    const { clock, state, notes } = this;
    const act = (name: string) => this.#act(name);
    const acts: CutOverActs = {
      eager: (on) => act(`eager ${String(on)}`),
      passed: async (_moment, signal) => {
        await clock.sleep(more.drainMs ?? 100, signal);
        await act("passed");
      },
      prove: async () => (await act("prove"), this.differences),
      handOver: () => act("hand over"),
      takeBack: () => act("take back"),
      turn: () => act("turn"),
    };
    const fence = {
      close: async (side: Side) => {
        await act(`close ${side}`);
        this.closed.add(side);
      },
      open: async (side: Side) => {
        await act(`open ${side}`);
        this.closed.delete(side);
      },
    };
    const spec = cutOverSpec.parse({ maxFenceSeconds: more.maxFenceSeconds });
    const signal = new AbortController().signal;
    const note = (line: string) => void notes.push(line);
    const token = `run ${String(++this.#token)}`;
    const killed = new Promise<"killed">((resolve) => (this.#killed = resolve));
    return drive(clock, Promise.race([killed, cutOver({ job: "orders", state, token, spec, to, fence, acts, clock, signal, note })]));
  }

  record() {
    return peekCutOver(this.state, "orders");
  }

  async #act(name: string): Promise<void> {
    if (this.meanwhile?.at === name) {
      const { run } = this.meanwhile;
      this.meanwhile = undefined;
      await run();
    }
    if (this.dies === name) {
      this.dies = undefined;
      this.#killed?.("killed");
      await new Promise(() => undefined);
    }
    this.done.push(name);
    if (this.fails !== name) return;
    this.fails = undefined;
    throw new Error(`${name} failed`);
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe("moving writers (R12)", () => {
  test("closes the open side, waits, drains, verifies, hands over, turns, and only then opens the other one", async () => {
    expect(await world.run("back")).toMatchObject({ outcome: "turned", way: "back", turns: 1 });
    expect(world.done).toEqual(["eager true", "close source", "passed", "prove", "hand over", "turn", "open target", "eager false"]);
    expect(await world.record()).toMatchObject({ way: "back", step: "idle", turns: 1, fenceSeconds: expect.closeTo(2.1, 1) });
  });

  test("asked for where writers are, does nothing", async () => {
    expect(await world.run("forward")).toMatchObject({ outcome: "nothing-to-do" });
    expect(world.done).toEqual([]);
  });

  test.each(["close source", "passed", "prove", "hand over"])(
    "%s fails: the side that was open is open again, and the reason is kept",
    async (act) => {
      world.fails = act;
      await expect(world.run("back")).rejects.toMatchObject({ code: "TF_CUT_OVER_RETREATED" });
      expect([...world.closed]).toEqual(["target"]);
      expect(await world.record()).toMatchObject({ way: "forward", step: "idle", retreat: `${act} failed` });
    },
  );

  test("rows that differ lead back", async () => {
    world.differences = ["missing a", "missing b", "missing c", "missing d"];
    await expect(world.run("back")).rejects.toThrow("missing a; missing b; missing c …");
    expect([...world.closed]).toEqual(["target"]);
  });

  test("what takes longer than the fence may last leads back", async () => {
    await expect(world.run("back", { maxFenceSeconds: 5, drainMs: 60_000 })).rejects.toThrow("more than 5 s");
    expect([...world.closed]).toEqual(["target"]);
  });

  test.each(["turn", "open target"])(
    "after the hand-over there is no way back: %s fails, and the next run goes on from there",
    async (act) => {
      world.fails = act;
      await expect(world.run("back")).rejects.toThrow(`${act} failed`);
      expect([...world.closed].toSorted()).toEqual(["source", "target"]);
      world.done.length = 0;
      expect(await world.run("back")).toMatchObject({ outcome: "turned", turns: 1 });
      expect(world.done).not.toContain("prove");
      expect([...world.closed]).toEqual(["source"]);
    },
  );

  test("the way back closes the target and opens the source", async () => {
    await world.run("back");
    expect(await world.run("forward")).toMatchObject({ outcome: "turned", way: "forward", turns: 2 });
    expect([...world.closed]).toEqual(["target"]);
  });
});

/** What must have been done since the source was open last, in this order, before the target may be opened. */
const dueBeforeOpening = ["close source", "passed", "prove", "hand over", "turn"];

function expectInOrder(done: readonly string[]): void {
  const opened = done.lastIndexOf("open target");
  const since = done.slice(done.slice(0, opened).lastIndexOf("open source") + 1, opened);
  let from = 0;
  for (const due of dueBeforeOpening) {
    const at = since.indexOf(due, from);
    expect(at, `${due}, in ${since.join(", ")}`).toBeGreaterThanOrEqual(from);
    from = at;
  }
}

describe("a cut-over whose run was killed", () => {
  test.each(["eager true", "close source", "passed", "prove", "hand over", "turn", "open target", "eager false"])(
    "at `%s` comes to its end when it is run again",
    async (act) => {
      world.dies = act;
      expect(await world.run("back")).toBe("killed");
      expect(await world.run("back")).toMatchObject({ outcome: "turned", turns: 1 });
      expectInOrder(world.done);
      expect([...world.closed]).toEqual(["source"]);
    },
  );

  test.each(["take back", "open source", "eager false"])(
    "while it went back, at `%s`: the side that may be open is closed and drained anew",
    async (act) => {
      world.fails = "prove";
      world.dies = act;
      expect(await world.run("back")).toBe("killed");
      expect(await world.run("back")).toMatchObject({ outcome: "turned", turns: 1 });
      expectInOrder(world.done);
      expect([...world.closed]).toEqual(["source"]);
    },
  );

  test.each(["close source", "passed", "prove", "hand over"])("at `%s` and is asked for no longer is taken back", async (act) => {
    world.dies = act;
    expect(await world.run("back")).toBe("killed");
    world.done.length = 0;
    expect(await world.run("forward")).toMatchObject({ outcome: "nothing-to-do", way: "forward", turns: 0 });
    expect(world.done).toEqual(["take back", "open source", "eager false"]);
    expect([...world.closed]).toEqual(["target"]);
  });

  test("past its hand-over is ended, also when it is asked for no longer: the way back is another cut-over", async () => {
    world.dies = "turn";
    expect(await world.run("back")).toBe("killed");
    expect(await world.run("forward")).toMatchObject({ outcome: "turned", way: "back", turns: 1 });
    expect([...world.closed]).toEqual(["source"]);
  });
});

test("a run that finds another one under way leaves that one's fence alone", async () => {
  world.meanwhile = { at: "passed", run: async () => void (await world.run("back")) };
  await expect(world.run("back")).rejects.toMatchObject({ code: "TF_FENCED" });
  expect([...world.closed]).toEqual(["source"]);
  expect(await world.record()).toMatchObject({ way: "back", step: "idle", turns: 1 });
});
