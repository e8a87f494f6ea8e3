import { describe, expect, test } from "vitest";
import { ArrivalRate } from "../../../src/sync/arrival-rate.ts";

describe("how many changes a source commits a second", () => {
  test("is not known before a second of its time was read", () => {
    const rate = new ArrivalRate();
    rate.passed(1000, 500);
    rate.passed(1999, 10);
    expect(rate.perSecond).toBeNull();
  });

  test("is told by the source's time, not by how fast it is read, and without what came before the first moment", () => {
    const rate = new ArrivalRate();
    rate.passed(0, 1_000_000);
    for (let second = 1; second <= 20; second++) rate.passed(second * 1000, 30);
    expect(rate.perSecond).toBeCloseTo(30, 6);
  });

  test("follows a change within some minutes, also to silence", () => {
    const rate = new ArrivalRate();
    for (let second = 0; second <= 300; second++) rate.passed(second * 1000, 100);
    for (let second = 301; second <= 600; second++) rate.passed(second * 1000, 0);
    expect(rate.perSecond).toBeLessThan(1);
  });

  test("is not upset by a clock that goes back", () => {
    const rate = new ArrivalRate();
    for (const upTo of [0, 2000, 1000, 4000]) rate.passed(upTo, 10);
    expect(rate.perSecond).toBeGreaterThan(5);
    expect(rate.perSecond).toBeLessThan(10);
  });
});
