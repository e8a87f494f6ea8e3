import { expect, test } from "vitest";
import { heapFlags, tendHeap } from "../../../src/cli/server-heap.ts";

const MB = 1024 * 1024;

test.each([
  [1, 2],
  [1.9, 2],
  [3.9, 1],
  [16, 1],
])("room of %d MB for young objects grows by a factor of %d", (young, factor) => {
  expect(heapFlags(young * MB, 12 * MB)).toContain(`--semi-space-growth-factor=${factor}`);
});

test("a small heap may grow to four times its size before it is marked", () => {
  expect(heapFlags(4 * MB, 12 * MB)).toContain("--heap-growing-percent=300");
});

test("how far a large heap grows is left to V8", () => {
  expect(heapFlags(4 * MB, 100 * MB)).toContain("--heap-growing-percent=0");
});

/** Fills the room for young objects over and over, until it was collected or for that long in vain. */
async function collectUntil(seen: () => boolean): Promise<void> {
  for (let round = 0; round < 100 && !seen(); round++) {
    Array.from({ length: 100_000 }, (_, i) => ({ i }));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("V8 is told at once, and again behind a collection", async () => {
  const told: string[] = [];
  const end = tendHeap((flag) => void told.push(flag));
  const atOnce = told.length;
  await collectUntil(() => told.length > atOnce);
  end();
  expect(atOnce).toBe(2);
  expect(told.length).toBeGreaterThan(atOnce);
});

test("V8 is told nothing more when that is ended", async () => {
  const [ended, other]: [string[], string[]] = [[], []];
  tendHeap((flag) => void ended.push(flag))();
  const end = tendHeap((flag) => void other.push(flag));
  await collectUntil(() => other.length > 2);
  end();
  expect([ended.length, other.length > 2]).toEqual([2, true]);
});
