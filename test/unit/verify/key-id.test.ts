import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeyValue } from "../../../src/model/value.ts";
import { RowHasher } from "../../../src/verify/flow-batch.ts";
import { keyId, keyOfId } from "../../../src/verify/key-id.ts";
import { keyed } from "./support/compare.ts";

const value: fc.Arbitrary<KeyValue> = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.uint8Array({ maxLength: 1024 }),
);

describe("a key's id", () => {
  test("gives the key back, whatever it holds and wherever its form lies", () => {
    const hasher = new RowHasher({ versions: "latest" });
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ minLength: 1 }).map((name) => `c${name}`),
          value,
          { minKeys: 1, maxKeys: 4 },
        ),
        fc.nat({ max: 9 }),
        (key, pad) => {
          const row = keyed(key, { more: 1n });
          hasher.each([row], (bytes, start, keyEnd) => {
            const moved = Buffer.concat([Buffer.alloc(pad, 3), bytes.subarray(start, keyEnd), Buffer.alloc(pad, 7)]);
            expect(keyOfId(keyId(moved, pad, moved.length - pad, false))).toEqual(row.key);
          });
        },
      ),
    );
  });

  test("of a row without key is short, however large the row", () => {
    expect(keyId(new Uint8Array(100_000), 0, 100_000, true)).toHaveLength(32);
  });
});
