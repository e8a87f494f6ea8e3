import { describe, expect, test } from "vitest";
import { sameValue } from "../../../components/provider/same-value.ts";
import { pathText, touches, UNKNOWN, unknownPaths } from "../../../components/provider/unknown.ts";

describe("comparing inputs", () => {
  test("order of fields and fields that are undefined do not matter", () => {
    expect(sameValue({ a: 1, b: [{ c: "x" }] }, { b: [{ c: "x", d: undefined }], a: 1 })).toBe(true);
  });

  test.each([
    [{ a: 1 }, { a: "1" }],
    [{ a: [1] }, { a: { 0: 1 } }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: null }, { a: 0 }],
    [{ a: { b: 1 } }, { a: 1 }],
  ])("%j differs from %j", (before, now) => {
    expect(sameValue(before, now)).toBe(false);
  });

  test("a value that is not known yet counts as unchanged, wherever it stands", () => {
    expect(sameValue({ a: { b: ["x", 2] } }, { a: { b: [UNKNOWN, 2] } })).toBe(true);
    expect(sameValue({ a: { b: ["x", 2] } }, { a: { b: [UNKNOWN, 3] } })).toBe(false);
  });
});

describe("unknown values", () => {
  test("are found with their paths", () => {
    const paths = unknownPaths({ source: { endpoint: UNKNOWN, table: "t" }, filter: [{ value: UNKNOWN }], target: UNKNOWN });
    expect(paths.map(pathText)).toEqual(["source.endpoint", "filter[0].value", "target"]);
  });

  test("touch what they lie in and what lies in them, and nothing beside them", () => {
    expect(touches(["source"], ["source", "endpoint"])).toBe(true);
    expect(touches(["target", "instance"], ["target"])).toBe(true);
    expect(touches(["source", "table"], ["source", "endpoint"])).toBe(false);
  });
});
