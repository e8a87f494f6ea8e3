import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { castKeepsApart, castPossible, castValue } from "../../../src/job/cast.ts";
import { sameValue, typeOf, type Value, type ValueType } from "../../../src/model/value.ts";
import { anyKeyValue, anyValue } from "../support/any-value.ts";

const types: readonly ValueType[] = ["integer", "double", "string", "boolean", "binary"];
const anyType = fc.constantFrom(...types);
const utf8 = (text: string) => new Uint8Array(Buffer.from(text));

describe("what casts", () => {
  test.each<[Value, ValueType, Value]>([
    ["42", "integer", 42n],
    ["-007", "integer", -7n],
    ["9223372036854775807", "integer", 2n ** 63n - 1n],
    [3, "integer", 3n],
    [-0, "integer", 0n],
    [true, "integer", 1n],
    ["1.50", "double", 1.5],
    [".5", "double", 0.5],
    ["-1e3", "double", -1000],
    [2n ** 53n, "double", 2 ** 53],
    [5n, "string", "5"],
    [0.1, "string", "0.1"],
    [-0, "string", "-0"],
    [false, "string", "false"],
    [utf8("ü"), "string", "ü"],
    ["true", "boolean", true],
    [0n, "boolean", false],
    ["ü", "binary", utf8("ü")],
  ])("%s as %s is %s", (value, as, expected) => {
    expect(castValue(value, as)).toEqual(expected);
  });
});

describe("what does not, because something would be lost or guessed", () => {
  test.each<[Value, ValueType]>([
    ["", "integer"],
    [" 1", "integer"],
    ["+1", "integer"],
    ["1.0", "integer"],
    ["0x10", "integer"],
    ["9223372036854775808", "integer"],
    [1.5, "integer"],
    [NaN, "integer"],
    [Infinity, "integer"],
    [2 ** 63, "integer"],
    ["", "double"],
    ["NaN", "double"],
    ["1e999", "double"],
    ["1,5", "double"],
    [2n ** 53n + 1n, "double"],
    [true, "double"],
    ["yes", "boolean"],
    ["True", "boolean"],
    [2n, "boolean"],
    [1, "boolean"],
    [1n, "binary"],
    [new Uint8Array([0xff]), "string"],
    [new Uint8Array([1]), "integer"],
  ])("%s as %s", (value, as) => {
    expect(castValue(value, as)).toBeUndefined();
  });
});

test("a cast gives the type asked for, and to its own type the value itself", () => {
  fc.assert(
    fc.property(anyValue, anyType, (value, as) => {
      const cast = castValue(value, as);
      if (cast !== undefined) expect(typeOf(cast)).toBe(as);
      if (typeOf(value) === as) expect(sameValue(cast!, value)).toBe(true);
    }),
  );
});

test("a pair of types said to be impossible never casts", () => {
  fc.assert(
    fc.property(anyValue, anyType, (value, as) => {
      if (!castPossible(typeOf(value), as)) expect(castValue(value, as)).toBeUndefined();
    }),
  );
});

test("an integer or boolean comes back from text unchanged", () => {
  fc.assert(
    fc.property(fc.oneof(anyKeyValue.integer, fc.boolean()), (value) => {
      expect(castValue(castValue(value, "string")!, typeOf(value))).toBe(value);
    }),
  );
});

test.each(["integer", "string", "binary"] as const)("where a cast of %s is said to keep values apart, it does", (from) => {
  fc.assert(
    fc.property(anyKeyValue[from], anyKeyValue[from], fc.constantFrom("integer", "string", "binary" as ValueType), (a, b, to) => {
      fc.pre(castKeepsApart(from, to) && !sameValue(a, b));
      const [castA, castB] = [castValue(a, to), castValue(b, to)];
      if (castA !== undefined && castB !== undefined) expect(sameValue(castA, castB)).toBe(false);
    }),
  );
});
