import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRow, rowJson, valueJson } from "../../../src/cli/row-json.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import { INTEGER_MAX, INTEGER_MIN, type Value } from "../../../src/model/value.ts";

const schema: readonly KeySchema[] = [{ name: "id", type: "integer" }];
const cellOf = (text: string) => parseRow(`{"id": 1, "v": ${text}}`, schema, "the row given").cells[0]?.value;

const anyValue: fc.Arbitrary<Value> = fc.oneof(
  fc.bigInt(INTEGER_MIN, INTEGER_MAX),
  fc.double(),
  fc.constantFrom(-0, 1e21, 1e300, 5e-324),
  fc.string({ unit: "grapheme" }),
  fc.boolean(),
  fc.uint8Array({ maxLength: 40 }),
);

describe("a row as JSON", () => {
  test("comes back as it was, every bit of every value", () => {
    fc.assert(
      fc.property(fc.bigInt(INTEGER_MIN, INTEGER_MAX), fc.array(anyValue, { maxLength: 8 }), (id, values) => {
        const cells = values.map((value, i) => ({ name: `c${i}`, value, timestamp: 1 }));
        const back = parseRow(rowJson({ key: [{ name: "id", value: id }], cells }), schema, "the row given");
        expect(back.key).toEqual([{ name: "id", value: id }]);
        expect(back.cells).toEqual(cells.map(({ name, value }) => ({ name, value })));
      }),
    );
  });

  test("is valid JSON whatever it holds", () => {
    fc.assert(fc.property(anyValue, (value) => JSON.parse(valueJson(value)) !== undefined));
  });

  test("tells integers from doubles by the point", () => {
    expect(cellOf("17")).toBe(17n);
    expect(cellOf("17.0")).toBe(17);
    expect(cellOf("9007199254740993")).toBe(9007199254740993n);
    expect(cellOf("1e2")).toBe(100);
    expect(cellOf("-0.0")).toBe(-0);
  });

  test("takes exact and binary values in objects", () => {
    expect(cellOf('{"integer": "-9223372036854775808"}')).toBe(INTEGER_MIN);
    expect(cellOf('{"double": "NaN"}')).toBeNaN();
    expect(cellOf('{"base64": "AAE="}')).toEqual(new Uint8Array([0, 1]));
  });

  test("leaves columns out that are null", () => {
    expect(parseRow('{"id": 1, "v": null}', schema, "the row given").cells).toEqual([]);
  });

  test("shows the newest version of a column only", () => {
    const cells = [
      { name: "v", value: 2n, timestamp: 2 },
      { name: "v", value: 1n, timestamp: 1 },
    ];
    expect(rowJson({ key: [{ name: "id", value: 1n }], cells })).toBe('{"id":1,"v":2}');
  });

  test.each([
    ['{"id": 9223372036854775808}', 'column "id" holds what no cell can hold: 9223372036854775808'],
    ['{"v": 1}', "the key column id is missing"],
    ['{"id": "1"}', "the key column id is of type integer, the row gives string"],
    ['{"id": 1.0}', "the key column id is of type integer, the row gives double 1.0"],
    ['{"id": 1, "v": [1]}', 'column "v" holds what no cell can hold: [1]'],
    ['{"id": 1, "v": {"base64": "A"}}', 'column "v" holds what no cell can hold'],
    ['{"id": 1, "v": 1e999}', 'column "v" holds what no cell can hold: 1e999'],
    ["[1]", "the row is no JSON object of columns"],
    ['{"id": 1', "the row is no JSON object of columns"],
    ["id=1", "the row is no JSON object of columns"],
  ])("%s is refused: %s", (text, message) => {
    expect(() => parseRow(text, schema, "the row given")).toThrow(message);
  });
});
