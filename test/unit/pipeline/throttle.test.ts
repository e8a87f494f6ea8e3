import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { Throttle, type Rates } from "../../../src/pipeline/throttle.ts";

/** Milliseconds after the start at which each piece went. */
async function times(
  rates: Rates,
  pieces: readonly (readonly [rows: number, bytes: number])[],
  during?: (throttle: Throttle, clock: VirtualClock) => Promise<void>,
): Promise<number[]> {
  const clock = new VirtualClock(0);
  const throttle = new Throttle(clock, rates);
  const went: number[] = [];
  const all = Promise.all(pieces.map(([rows, bytes], i) => throttle.take(rows, bytes).then(() => (went[i] = clock.monotonic()))));
  await during?.(throttle, clock);
  while (went.filter((at) => at !== undefined).length < pieces.length) await clock.advance(10);
  await all;
  return went;
}

describe("throttle", () => {
  test("without a rate everything goes at once", async () => {
    expect(
      await times({}, [
        [1e9, 1e9],
        [1e9, 1e9],
      ]),
    ).toEqual([0, 0]);
  });

  test("a piece goes when those before it are paid for", async () => {
    expect(
      await times({ rowsPerSecond: 100 }, [
        [200, 0],
        [50, 0],
        [1, 0],
      ]),
    ).toEqual([0, 2000, 2500]);
  });

  test("bytes are counted like rows, and the slower of both decides", async () => {
    expect(
      await times({ rowsPerSecond: 100, bytesPerSecond: 1000 }, [
        [10, 2000],
        [100, 10],
        [1, 1],
      ]),
    ).toEqual([0, 2000, 2010]);
  });

  test("an idle time is not saved up", async () => {
    const clock = new VirtualClock(0);
    const throttle = new Throttle(clock, { rowsPerSecond: 100 });
    await throttle.take(100, 0);
    await clock.advance(60_000);
    await throttle.take(100, 0);
    let third: number | undefined;
    void throttle.take(100, 0).then(() => (third = clock.monotonic()));
    await clock.advance(999);
    expect(third).toBeUndefined();
    await clock.advance(1);
    expect(third).toBe(61_000);
  });

  test("a new rate is felt by those who wait", async () => {
    const went = await times(
      { rowsPerSecond: 1 },
      [
        [10, 0],
        [100, 0],
        [1, 0],
      ],
      async (throttle, clock) => {
        await clock.advance(5000);
        throttle.retune({ rowsPerSecond: 100 });
      },
    );
    expect(went[1]).toBeLessThanOrEqual(5510);
    expect(went[2]).toBeLessThanOrEqual(6510);
    expect(went[1]).toBeGreaterThanOrEqual(5050);
  });

  test("taking the rate away frees them, setting one slows them", async () => {
    const freed = await times(
      { rowsPerSecond: 1 },
      [
        [10, 0],
        [100, 0],
      ],
      async (throttle, clock) => {
        await clock.advance(1000);
        throttle.retune({});
      },
    );
    expect(freed[1]).toBeLessThanOrEqual(1500);
    const slowed = await times({}, [[100, 0]], (throttle) => Promise.resolve(throttle.retune({ rowsPerSecond: 10 })));
    expect(slowed).toEqual([0]);
  });

  test("waiting ends with the signal", async () => {
    const clock = new VirtualClock(0);
    const throttle = new Throttle(clock, { rowsPerSecond: 1 });
    await throttle.take(10, 0);
    const stop = new AbortController();
    const waiting = throttle.take(1, 0, stop.signal);
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
});
