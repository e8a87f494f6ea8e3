import fc from "fast-check";
import { expect, test } from "vitest";
import { scalar } from "../../../src/job/job-spec.ts";
import { scalarOf, valueOf, valueText } from "../../../src/job/scalar.ts";
import { sameValue } from "../../../src/model/value.ts";
import { anyValue } from "../support/any-value.ts";

test("every value goes through JSON and the specification's own check unchanged", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const read = scalar.parse(JSON.parse(JSON.stringify(scalarOf(value))));
      expect(sameValue(valueOf(read), value)).toBe(true);
    }),
  );
});

test("a plain number is an integer when it is whole, else a double", () => {
  expect([valueOf(5), valueOf(-0.5)]).toEqual([5n, -0.5]);
});

test("an integer beyond 64 bits is refused", () => {
  expect(() => valueOf({ integer: "9223372036854775808" })).toThrow("does not fit into 64 bits");
  expect(valueOf({ integer: "-9223372036854775808" })).toBe(-(2n ** 63n));
});

test("the same number of two types reads differently, and so does minus zero", () => {
  expect([1n, 1, "1", -0, 0.1, true, new Uint8Array([1, 255])].map((value) => valueText(value))).toEqual([
    "1",
    "1.0",
    '"1"',
    "-0.0",
    "0.1",
    "true",
    "0x01ff",
  ]);
  expect(valueText("x".repeat(100), 10)).toBe('"xxxxxxxxx… (102 characters)');
});
