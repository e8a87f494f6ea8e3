import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeySchema } from "../../../../src/model/schema.ts";
import { keepsKeyOrder } from "../../../../src/verify/rolling/key-order.ts";
import { restAfter } from "../../../../src/verify/rolling/pace.ts";
import { addPart, oldestPart, textOfId, type Part } from "../../../../src/verify/rolling/parts.ts";
import { RowForm } from "../../../../src/verify/row-form.ts";
import { idKey, MemorySide } from "../support/memory-side.ts";
import { mapping } from "../support/compare.ts";
import { idOf } from "./support/live-sync.ts";

const described = await new MemorySide([]).describe();
const form = new RowForm("latest", { source: described, target: described }, () => 0);
const key = (id: number) => textOfId(form.id({ key: idOf(id) }));
const part = (to: number | null, at: number): Part => ({ to: to === null ? null : key(to), at });
const partsOf = (...parts: readonly (readonly [number | null, number])[]) => parts.map(([to, at]) => part(to, at));

describe("the age of what was verified", () => {
  test("is unknown until a whole round was made", () => {
    expect(oldestPart([], [])).toBeNull();
    expect(oldestPart([], partsOf([7, 100]))).toBeNull();
    expect(oldestPart([], partsOf([7, 100], [null, 200]))).toBe(100);
  });

  test("is that of the last round behind the key that this one has reached, in the order of keys", () => {
    const before = partsOf([-3, 1], [10, 2], [300, 3], [null, 4]);
    expect(oldestPart(before, [])).toBe(1);
    expect(oldestPart(before, partsOf([-4, 50]))).toBe(1);
    expect(oldestPart(before, partsOf([-3, 50]))).toBe(2);
    expect(oldestPart(before, partsOf([-3, 50], [299, 60]))).toBe(3);
    expect(oldestPart(before, partsOf([-3, 50], [301, 60]))).toBe(4);
    expect(oldestPart(before, partsOf([-3, 50], [null, 60]))).toBe(50);
  });

  test("is never younger for parts having been joined, which are few however many there were", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 300 }), fc.nat(300), (times, reached) => {
        const exact = times.map((at, i) => part(i === times.length - 1 ? null : i, at));
        const joined = exact.reduce<readonly Part[]>(addPart, []);
        expect(joined.length).toBeLessThanOrEqual(32);
        expect(joined.at(-1)!.to).toBeNull();
        const now = [part(reached, 5000)];
        expect(oldestPart(joined, now)!).toBeLessThanOrEqual(oldestPart(exact, now)!);
        expect(oldestPart(joined, [])).toBe(Math.min(...times));
      }),
    );
  });
});

describe("resting between stretches", () => {
  const stretch = { rows: 100, stretchRows: 100, stretchMs: 1000, elapsedMs: 1000 };

  test("fills the time that a round has with the rows that it has left", () => {
    // 900 of 1,000 seconds for 1,000 rows: 90 a hundred, of which one was needed.
    expect(restAfter({ expectedRows: 1000, everySeconds: 1000 }, stretch) / 1000).toBeCloseTo(89);
  });

  test("is none where the time or the rows are unknown, more than expected, or the round is late", () => {
    expect(restAfter({ expectedRows: undefined, everySeconds: 1000 }, stretch)).toBe(0);
    expect(restAfter({ expectedRows: 1000, everySeconds: undefined }, stretch)).toBe(0);
    expect(restAfter({ expectedRows: 100, everySeconds: 1000 }, stretch)).toBe(0);
    expect(restAfter({ expectedRows: 1000, everySeconds: 1000 }, { ...stretch, elapsedMs: 950_000 })).toBe(0);
    expect(restAfter({ expectedRows: 1000, everySeconds: 1000 }, { ...stretch, stretchMs: 200_000, elapsedMs: 200_000 })).toBe(0);
  });
});

describe("sides are read next to each other where the mapping", () => {
  const two: readonly KeySchema[] = [
    { name: "a", type: "string" },
    { name: "b", type: "integer" },
  ];
  const named = (...names: readonly string[]) => names.map((name, i): KeySchema => ({ name, type: i === 0 ? "string" : "integer" }));

  test("carries the whole key over, at most under other names", () => {
    expect(keepsKeyOrder(undefined, idKey)).toBe(true);
    expect(keepsKeyOrder(mapping({ columns: { x: "y" } }), idKey)).toBe(true);
    expect(keepsKeyOrder(mapping({ key: { p: "a", q: "b" } }, named("p", "q"), two), two)).toBe(true);
  });

  test.each([
    ["there is no key", mapping({}), []],
    [
      "a key column is computed",
      mapping({ key: { id: { inputs: ["id"], derive: (id: never) => -(id as bigint) } }, injective: true }),
      idKey,
    ],
    ["a key column is cast", mapping({ key: { id: { from: "id", as: "string" } } }, [{ name: "id", type: "string" }]), idKey],
    ["key columns change places", mapping({ key: { b: "b", a: "a" } }, [two[1]!, two[0]!], two), two],
    ["a row function makes the key", mapping({ row: (given) => ({ id: given["id"] }), injective: true }), idKey],
  ])("and not where %s", (_why, through, sourceKey) => {
    expect(keepsKeyOrder(through, sourceKey)).toBe(false);
  });
});
