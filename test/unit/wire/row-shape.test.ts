import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeChange } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";

/** Key columns and cells by name; few and short ones, of which one is often the beginning of another, so that rows resemble each other. */
const columns = fc.record({
  key: fc.array(fc.constantFrom("a", "ab", "b"), { minLength: 1, maxLength: 3 }),
  cells: fc.array(fc.constantFrom("a", "b", "ab", "ba", "列"), { maxLength: 4 }),
});

function encoded({ key, cells }: { readonly key: readonly string[]; readonly cells: readonly string[] }, value: string): Uint8Array {
  return encodeChange({ type: "put", key: key.map((name) => ({ name, value })), cells: cells.map((name) => ({ name, value })) });
}

function shapeIn(walker: RowWalker, bytes: Uint8Array): number {
  walker.open(bytes).next();
  return walker.shape();
}

test("rows that follow each other have the same shape exactly when key and cells have the same names in the same order", () => {
  fc.assert(
    fc.property(columns, columns, fc.string(), (one, other, value) => {
      const walker = new RowWalker();
      const shape = shapeIn(walker, encoded(one, "x"));
      expect(shapeIn(walker, encoded(other, value)) === shape).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});

test("rows with more and longer names than any before them have their own shape, too", () => {
  const wide = { key: ["k"], cells: Array.from({ length: 200 }, (_, i) => `column-${i}-`.padEnd(200, "x")) };
  const walker = new RowWalker();
  const narrow = shapeIn(walker, encoded({ key: ["k"], cells: [] }, "1"));
  const shape = shapeIn(walker, encoded(wide, "1"));
  expect(shape).not.toBe(narrow);
  expect(shapeIn(walker, encoded(wide, "2"))).toBe(shape);
});

test("no two walkers give the same shape to rows with different names", () => {
  const shapes = ["a", "b"].map((name) => shapeIn(new RowWalker(), encoded({ key: ["k"], cells: [name] }, "1")));
  expect(new Set(shapes).size).toBe(2);
});
