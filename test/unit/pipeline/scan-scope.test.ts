import { expect, test } from "vitest";
import type { JobSpec } from "../../../src/job/job-spec.ts";
import { scanScope } from "../../../src/pipeline/scan-scope.ts";
import type { KeySchema } from "../../../src/model/schema.ts";

const key: readonly KeySchema[] = [
  { name: "customer", type: "string" },
  { name: "order", type: "integer" },
];
const scope = (part: Partial<Pick<JobSpec, "range" | "filter" | "versions">>, of = key) =>
  scanScope({ versions: "latest", range: undefined, filter: undefined, ...part }, of);

test("the whole source is a scope without range and filter", () => {
  expect(scope({})).toEqual({ versions: "latest" });
});

test("bounds are read by the key's types; leading columns are enough", () => {
  expect(scope({ range: { from: ["a"], to: ["b", { integer: "9223372036854775807" }] } }).range).toEqual({
    from: ["a"],
    to: ["b", 9_223_372_036_854_775_807n],
  });
  expect(scope({ range: { from: [{ base64: "AQI=" }] } }, [{ name: "b", type: "binary" }]).range).toEqual({
    from: [new Uint8Array([1, 2])],
  });
});

test("comparisons must all hold, and none holds where the column is missing", () => {
  const one = { type: "column", name: "n", comparator: "greaterEqual", value: 5n, filterIfMissing: true, latestVersionOnly: true };
  expect(scope({ filter: [{ column: "n", is: ">=", value: 5 }] }).filter).toEqual(one);
  expect(
    scope({
      filter: [
        { column: "n", is: ">=", value: 5 },
        { column: "m", is: "absent" },
      ],
    }).filter,
  ).toMatchObject({ type: "and", filters: [one, { name: "m", comparator: "notExist" }] });
});

test.each<[string, Partial<Pick<JobSpec, "range">>, readonly KeySchema[], string, string]>([
  [
    "of another type",
    { range: { from: [7] } },
    key,
    "range.from[0]",
    "the key column customer is a string, the bound has an integer; write it in quotes",
  ],
  [
    "of another type in the second column",
    { range: { to: ["a", "7"] } },
    key,
    "range.to[1]",
    "the key column order is an integer, the bound has a string; write a whole number",
  ],
  [
    "longer than the key",
    { range: { from: ["a", 1, 2] } },
    key,
    "range.from",
    "the source's key has 2 columns (customer, order), the bound has 3",
  ],
  ["of a source without a key", { range: { from: ["a"] } }, [], "range.from", "the source has no key, so it has no key range"],
])("a bound %s is named", (_, part, of, place, sentence) => {
  expect(() => scope(part, of)).toThrow(expect.objectContaining({ code: "TF_SPEC_INVALID", place, sentence }));
});
