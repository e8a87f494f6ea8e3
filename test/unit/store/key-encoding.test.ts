import fc from "fast-check";
import { expect, it } from "vitest";
import { compareKey, type KeyColumn } from "../../../src/model/key.ts";
import { INF_MAX, INF_MIN, type KeyBound } from "../../../src/model/value.ts";
import { encodeKeyValues } from "../../../src/store/key-encoding.ts";

const integer = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -3n, max: 3n }));
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: fc.constantFrom("\0", "\u0001", "a", "ÿ", "😀"), maxLength: 4 }),
);
const binary = fc.oneof(
  fc.uint8Array({ maxLength: 6 }),
  fc.array(fc.constantFrom(0, 1, 2, 255), { maxLength: 4 }).map((raw) => Uint8Array.from(raw)),
);
const bound = (values: fc.Arbitrary<KeyBound>) => fc.oneof({ arbitrary: values, weight: 8 }, fc.constantFrom<KeyBound>(INF_MIN, INF_MAX));
const keyOf = (types: readonly fc.Arbitrary<KeyBound>[]) => fc.tuple(...types.map(bound));

const twoKeys = fc
  .array(fc.constantFrom<fc.Arbitrary<KeyBound>>(integer, text, binary), { minLength: 1, maxLength: 4 })
  .chain((types) => fc.tuple(keyOf(types), keyOf(types)));

const named = (values: readonly KeyBound[]): KeyColumn[] => values.map((value, i) => ({ name: `pk${i}`, value }));

it("the order of encoded keys is the order of keys", () => {
  fc.assert(
    fc.property(twoKeys, ([a, b]) => {
      // A bound at infinity says all that can be said: what follows it does not count for the service, and is cut here.
      const [left, right] = [cut(a), cut(b)];
      expect(Math.sign(Buffer.compare(encodeKeyValues(left), encodeKeyValues(right)))).toBe(
        Math.sign(compareKey(named(left), named(right))),
      );
    }),
    { numRuns: 5000 },
  );
});

it("an encoded key with more columns lies behind its prefix and before the prefix's successor", () => {
  fc.assert(
    fc.property(text, text, integer, (a, b, n) => {
      const [low, high] = [encodeKeyValues([a]), encodeKeyValues([b])];
      const row = encodeKeyValues([a, n]);
      expect(Buffer.compare(row, low)).toBe(1);
      if (Buffer.compare(low, high) < 0) expect(Buffer.compare(row, high)).toBe(-1);
    }),
  );
});

it("integers take nine bytes and text one more than its length and a tag", () => {
  expect(encodeKeyValues([-1n]).toString("hex")).toBe("107fffffffffffffff");
  expect(encodeKeyValues(["ab"]).toString("hex")).toBe("20616200");
  expect(encodeKeyValues([Uint8Array.of(0, 1, 2)]).toString("hex")).toBe("30010101020200");
});

function cut(values: readonly KeyBound[]): KeyBound[] {
  const at = values.findIndex((value) => value === INF_MIN || value === INF_MAX);
  return at < 0 ? [...values] : values.map((value, i) => (i > at ? INF_MIN : value));
}
