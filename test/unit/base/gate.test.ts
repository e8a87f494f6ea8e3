import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Gate, type Hold } from "../../../src/base/gate.ts";

/** Runs what is ready. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("gate", () => {
  test("lets in up to its limit and then whoever came first", async () => {
    const gate = new Gate(2);
    const entered: string[] = [];
    const enter = (name: string) => gate.acquire(1).then((hold) => (entered.push(name), hold));
    const holds = [enter("a"), enter("b"), enter("c"), enter("d")];
    await settle();
    expect(entered).toEqual(["a", "b"]);
    (await holds[1]!).release();
    await settle();
    expect(entered).toEqual(["a", "b", "c"]);
  });

  test("a light piece does not overtake a heavy one that waits", async () => {
    const gate = new Gate(10);
    const first = await gate.acquire(8);
    const entered: number[] = [];
    void gate.acquire(9).then((hold) => (entered.push(9), hold));
    void gate.acquire(1).then((hold) => (entered.push(1), hold));
    await settle();
    expect(entered).toEqual([]);
    first.release();
    await settle();
    expect(entered).toEqual([9, 1]);
  });

  test("a piece above the limit is let in alone", async () => {
    const gate = new Gate(10);
    const small = await gate.acquire(1);
    let big: Hold | undefined;
    void gate.acquire(50).then((hold) => (big = hold));
    await settle();
    expect(big).toBeUndefined();
    small.release();
    await settle();
    expect(gate.held).toBe(50);
    big!.release();
    big!.release();
    expect(gate.held).toBe(0);
  });

  test("a hold that turns out smaller makes room, one that turns out larger takes it", async () => {
    const gate = new Gate(10);
    const hold = await gate.acquire(10);
    let second = false;
    void gate.acquire(4).then(() => (second = true));
    hold.resize(12);
    await settle();
    expect(second).toBe(false);
    hold.resize(6);
    await settle();
    expect(second).toBe(true);
    expect([gate.held, gate.most]).toEqual([10, 12]);
  });

  test("asks what a piece weighs when its turn comes", async () => {
    const gate = new Gate(10);
    const first = await gate.acquire(6);
    let weight = 9;
    const entered: string[] = [];
    void gate.acquire(() => weight).then(() => entered.push("grown lighter"));
    weight = 4;
    first.resize(5);
    await settle();
    expect([entered, gate.held]).toEqual([["grown lighter"], 9]);
  });

  test("is crowded when more is held than the limit, by more than one", async () => {
    const gate = new Gate(10);
    const one = await gate.acquire(4);
    const other = await gate.acquire(4);
    expect([one.crowded, other.crowded]).toEqual([false, false]);
    one.resize(8);
    expect([one.crowded, other.crowded]).toEqual([true, true]);
    other.release();
    one.resize(50);
    expect(one.crowded).toBe(false);
  });

  test("who gives up waiting leaves the queue, and those behind move up", async () => {
    const gate = new Gate(10);
    await gate.acquire(8);
    const stop = new AbortController();
    const refused = gate.acquire(9, stop.signal);
    let light = false;
    void gate.acquire(2).then(() => (light = true));
    stop.abort(new Error("enough"));
    await expect(refused).rejects.toThrow("enough");
    await settle();
    expect(light).toBe(true);
    await expect(gate.acquire(1, stop.signal)).rejects.toThrow("enough");
  });

  test("never holds more than its limit, and lets everybody in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 30 }), async (weights) => {
        const gate = new Gate(10);
        let done = 0;
        await Promise.all(
          weights.map(async (weight) => {
            const hold = await gate.acquire(weight);
            expect(gate.held).toBeLessThanOrEqual(10);
            await settle();
            hold.release();
            done++;
          }),
        );
        expect([done, gate.held]).toEqual([weights.length, 0]);
      }),
    );
  });
});
