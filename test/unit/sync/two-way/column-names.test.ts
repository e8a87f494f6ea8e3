import { expect, test } from "vitest";
import { hasCode } from "../../../../src/base/error.ts";
import { compileMapping } from "../../../../src/job/compile-mapping.ts";
import { loadedDefinition } from "../../../../src/job/load-mapping.ts";
import type { MappingDefinition } from "../../../../src/job/mapping.ts";
import type { KeySchema } from "../../../../src/model/schema.ts";
import { columnNames } from "../../../../src/sync/two-way/column-names.ts";

const sourceKey: readonly KeySchema[] = [
  { name: "town", type: "string" },
  { name: "n", type: "integer" },
];
const targetKey: readonly KeySchema[] = [
  { name: "number", type: "integer" },
  { name: "town", type: "string" },
];
const key = { number: "n", town: "town" };
const names = (definition: MappingDefinition) => columnNames(compileMapping(loadedDefinition(definition), { sourceKey, targetKey }));

test("keys and columns go there and back", () => {
  const { forward, backward } = names({ key, columns: { betrag: "amount" } });
  const there = forward.keyThere([
    { name: "town", value: "Wien" },
    { name: "n", value: 5n },
  ]);
  expect(there.map(({ name, value }) => [name, value])).toEqual([
    ["number", 5n],
    ["town", "Wien"],
  ]);
  expect(backward.keyThere(there).map(({ value }) => value)).toEqual(["Wien", 5n]);
  expect([forward.there("amount"), forward.back("betrag"), backward.there("betrag"), forward.there("rest")]).toEqual([
    "betrag",
    "amount",
    "amount",
    "rest",
  ]);
});

test("a column under whose name another one is carried has none on the other side", () => {
  expect(() => names({ key, columns: { betrag: "amount" } }).forward.there("betrag")).toThrow();
});

test.each<[string, MappingDefinition]>([
  ["a cast", { key, columns: { amount: { from: "amount", as: "integer" } } }],
  ["a constant", { key, columns: { x: { constant: 1n } } }],
  ["a dropped column", { key, drop: ["amount"] }],
  ["columns that no rule names and are left out", { key, rest: "drop" }],
  ["one column carried twice", { key, columns: { x: "amount", y: "amount" } }],
])("%s cannot be undone", (_what, definition) => {
  let thrown: unknown;
  try {
    names(definition);
  } catch (error) {
    thrown = error;
  }
  expect(hasCode(thrown, "TF_TWO_WAY")).toBe(true);
});
