import { describe, expect, test } from "vitest";
import { ShiftedClock } from "../../../src/base/shifted-clock.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";

const setUp = () => {
  const beneath = new VirtualClock(1_000_000);
  return { beneath, clock: new ShiftedClock(beneath) };
};

describe("a shifted clock", () => {
  test("goes on as the one beneath, and stays ahead by what it was advanced", async () => {
    const { beneath, clock } = setUp();
    await beneath.advance(5);
    expect([clock.now(), clock.nowMicros(), clock.monotonic()]).toEqual([1_000_005, 1_000_005_000, 1_000_005]);
    await clock.advance(1000);
    await beneath.advance(5);
    expect([clock.now(), clock.nowMicros(), clock.monotonic()]).toEqual([1_001_010, 1_001_010_000, 1_001_010]);
    expect(beneath.now()).toBe(1_000_010);
  });

  test("runs what falls due in order, each at its own time, also what is asked for meanwhile", async () => {
    const { clock } = setUp();
    const ran: string[] = [];
    const at = (name: string, ms: number) => clock.after(ms, () => ran.push(`${name} ${clock.now() - 1_000_000}`));
    at("late", 300);
    at("never", 1001);
    clock.after(100, () => at("child", 50));
    at("early", 100);
    await clock.advance(1000);
    expect(ran).toEqual(["early 100", "child 150", "late 300"]);
  });

  test("timers set before a shift come that much earlier by the clock beneath, and once", async () => {
    const { beneath, clock } = setUp();
    let ran = 0;
    clock.after(100, () => ran++);
    await clock.advance(60);
    await beneath.advance(39);
    expect(ran).toBe(0);
    await beneath.advance(1);
    await beneath.advance(1000);
    expect(ran).toBe(1);
  });

  test("what is called off does not run, by either clock", async () => {
    const { beneath, clock } = setUp();
    let ran = 0;
    clock.after(10, () => ran++)();
    await clock.advance(20);
    await beneath.advance(20);
    expect([ran, beneath.waiting]).toEqual([0, 0]);
  });

  test("sleepers wake when it is advanced, or when they are aborted", async () => {
    const { beneath, clock } = setUp();
    const slept = clock.sleep(3_600_000);
    await clock.advance(3_600_000);
    await slept;
    const abort = new AbortController();
    const aborted = clock.sleep(10, abort.signal);
    abort.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    await expect(clock.sleep(10, abort.signal)).rejects.toThrow("enough");
    expect(beneath.waiting).toBe(0);
  });

  test("two advances at once add up", async () => {
    const { clock } = setUp();
    await Promise.all([clock.advance(10), clock.advance(20)]);
    expect(clock.now()).toBe(1_000_030);
  });
});
