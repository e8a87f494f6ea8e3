import fc from "fast-check";
import { INTEGER_MAX, INTEGER_MIN, type KeyValue, type Value } from "../../../src/model/value.ts";

export const anyInteger = fc.oneof(fc.bigInt({ min: -5n, max: 5n }), fc.bigInt({ min: INTEGER_MIN, max: INTEGER_MAX }));
export const anyText = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.constantFrom("", "1", "-7", "007", "1.5", "true", "abc"),
);
const anyBytes = fc.uint8Array({ maxLength: 6 });

/** A value that a cell can hold, with the awkward ones well represented. */
export const anyValue: fc.Arbitrary<Value> = fc.oneof(
  anyInteger,
  fc.double(),
  fc.constantFrom(-0, 0, 1, NaN, Infinity),
  anyText,
  fc.boolean(),
  anyBytes,
);

export const anyKeyValue = { integer: anyInteger, string: anyText, binary: anyBytes } satisfies Record<string, fc.Arbitrary<KeyValue>>;
