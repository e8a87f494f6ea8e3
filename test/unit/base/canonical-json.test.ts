import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../../src/base/canonical-json.ts";

test("orders keys, leaves out undefined fields, writes no white space", () => {
  expect(canonicalJson({ b: 1, a: [1, { d: undefined, c: null }], é: "x" })).toBe('{"a":[1,{"c":null}],"b":1,"é":"x"}');
});

test("says the same for every order of the fields", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const reversed = Object.fromEntries(Object.entries(object).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(object));
    }),
  );
});

test("parses back to the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
