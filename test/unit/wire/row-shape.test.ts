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
  const wide = { key: ["k"], cells: Array.from({ length: 200 }, (_, i) => `column-${i}-`.padEnd(60, "x")) };
  const walker = new RowWalker();
  const narrow = shapeIn(walker, encoded({ key: ["k"], cells: [] }, "1"));
  const shape = shapeIn(walker, encoded(wide, "1"));
  expect(shape).not.toBe(narrow);
  expect(shapeIn(walker, encoded(wide, "2"))).toBe(shape);
});

test("names longer than any that are valid are not remembered, and told from others all the same", () => {
  const long = (end: string) => encoded({ key: ["k"], cells: ["x".repeat(100_000) + end] }, "1");
  const walker = new RowWalker();
  const short = (name: string) => encoded({ key: ["k"], cells: [name] }, "1");
  const rows = [long("a"), long("b"), short("a"), long("a"), short(""), long("a"), long("a")];
  expect(new Set(rows.map((row) => shapeIn(walker, row))).size).toBe(rows.length);
});

test("a checksum that does not fit a row's own names is seen, whichever row came before it", () => {
  fc.assert(
    fc.property(columns, fc.nat(), fc.integer({ min: 1, max: 255 }), (row, position, difference) => {
      const walker = new RowWalker();
      const right = encoded(row, "x");
      shapeIn(walker, right);
      expect(walker.open(right).next()).toBe(true);
      const wrong = Uint8Array.from(right);
      const field = position % walker.count;
      const at = position % 2 === 0 ? walker.nameAt[field]! : walker.end[field]! - 1;
      wrong[at]! ^= difference;
      expect(() => walker.open(wrong).next()).toThrow("checksum does not match");
    }),
  );
});

test("no two walkers give the same shape to rows with different names", () => {
  const shapes = ["a", "b"].map((name) => shapeIn(new RowWalker(), encoded({ key: ["k"], cells: [name] }, "1")));
  expect(new Set(shapes).size).toBe(2);
});
