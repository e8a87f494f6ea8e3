import { createColors } from "picocolors";
import { expect, test } from "vitest";
import { explanationLines } from "../../../src/cli/render/explanation.ts";
import type { Explanation } from "../../../src/verify/explain.ts";

const options = { paint: createColors(false), width: 100 };
const view = (value: string, type: "double" | "integer") => ({ key: "id=1", columns: [{ name: "amount", type, value }] });

const explanation: Explanation = {
  keyOf: "source",
  sourceTitle: "table orders of instance legacy",
  targetTitle: "table orders of instance modern",
  sourceKey: "id=1",
  source: view("1.0", "double"),
  place: "id=1",
  split: { id: "s1", title: "from the beginning" },
  mappingHash: "0123456789abcdef",
  refusal: null,
  reject: null,
  targets: [
    {
      key: "id=1",
      mapped: view("1.0", "double"),
      target: view("1", "integer"),
      verdict: "different",
      columns: [{ name: "amount", source: "1.0", target: "1", why: "type differs" }],
    },
  ],
  notes: [],
};

test("an explained row stands column by column with its types, and says why it differs", () => {
  expect(explanationLines(explanation, options)).toEqual([
    "  source   table orders of instance legacy, id=1",
    "  split    s1 (from the beginning)",
    "  target   table orders of instance modern",
    "  mapping  0123456789ab",
    "",
    "✗ id=1: different",
    "column  source      mapped      target     why",
    "amount  1.0 double  1.0 double  1 integer  type differs",
  ]);
});

test("a row that is not there, was rejected or left out says so", () => {
  const text = (change: Partial<Explanation>) => explanationLines({ ...explanation, ...change }, options).join("\n");
  expect(text({ source: null, targets: [] })).toContain("id=1: no such row");
  expect(text({ source: null, sourceKey: null, targets: [] })).not.toContain("no such row");
  expect(text({ reject: { cause: "cast", text: "not a number", column: "amount" } })).toContain(
    "rejected  not a number [cast], column amount",
  );
  expect(text({ targets: [] })).toContain("The mapping leaves this row out.");
  expect(text({ notes: ["look\u001b[2J"] }).includes("\u001b")).toBe(false);
});
