import fc from "fast-check";
import { expect, test } from "vitest";
import { KeySet } from "../../../src/migrate/key-set.ts";

const word = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const key = fc.tuple(word, word);

test("holds what was added and nothing else, whatever it was made for", () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 300 }), fc.array(key, { maxLength: 50 }), fc.nat(400), (added, asked, expected) => {
      const set = new KeySet(expected);
      const model = new Set<string>();
      for (const [high, low] of added) {
        set.add(high, low);
        model.add(`${high},${low}`);
      }
      expect(set.size).toBe(model.size);
      for (const [high, low] of [...added, ...asked]) expect(set.has(high, low)).toBe(model.has(`${high},${low}`));
    }),
  );
});
