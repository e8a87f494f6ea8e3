import { describe, expect, test } from "vitest";
import { seededChance, systemChance } from "../../../src/base/chance.ts";

describe("the system's chance", () => {
  test("gives ids of 32 hex digits, each once", () => {
    const ids = Array.from({ length: 2000 }, () => systemChance.id());
    expect(new Set(ids).size).toBe(2000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("seeded chance", () => {
  test("is the same for the same seed, and another for another", () => {
    const draw = (seed: number) => Array.from({ length: 8 }, seededChance(seed).next);
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(0)).not.toEqual(draw(-1));
  });

  test("does not come round: a hundred thousand ids are all different", () => {
    const chance = seededChance(5);
    expect(new Set(Array.from({ length: 100_000 }, () => chance.id())).size).toBe(100_000);
  });

  test.each([0, 1, 2, 1_000_000])("spreads evenly from seed %i on: numbers, and every byte", (seed) => {
    const chance = seededChance(seed);
    const draws = 64_000;
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < draws; i++) tenths[Math.floor(chance.next() * 10)]!++;
    for (const count of tenths) expect(Math.abs(count - draws / 10)).toBeLessThan(400);
    const bytes = new Array<number>(256).fill(0);
    for (const byte of chance.bytes(draws)) bytes[byte]!++;
    for (const count of bytes) expect(Math.abs(count - draws / 256)).toBeLessThan(90);
  });
});
