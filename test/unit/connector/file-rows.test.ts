import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonFault, readObject } from "../../../src/connector/file/flat-json.ts";
import { CsvRows } from "../../../src/connector/file/csv-rows.ts";
import { CsvWriter } from "../../../src/connector/file/csv-writer.ts";
import { JsonRows } from "../../../src/connector/file/json-rows.ts";
import { JsonWriter } from "../../../src/connector/file/json-writer.ts";
import { layoutOf } from "../../../src/connector/file/layout.ts";
import { formatText, parseText } from "../../../src/connector/file/text-value.ts";
import { fileEndpoint, type FileEndpoint } from "../../../src/job/endpoint-spec.ts";
import { RowRefused, type FlowRow } from "../../../src/job/mapping.ts";
import { INTEGER_MAX, INTEGER_MIN, sameValue, typeOf } from "../../../src/model/value.ts";
import { anyValue } from "../support/any-value.ts";

const layout = (path: string, rest: Partial<FileEndpoint> = {}) =>
  layoutOf({ ...fileEndpoint.parse({ type: "file", path }), ...rest }, "/");
const json = (text: string, rest: Partial<FileEndpoint> = {}) => new JsonRows(layout("x.json", rest)).read(text);
const valuesOf = (row: FlowRow) => Object.fromEntries(row.columns.map(({ name, value }) => [name, value]));
const causeOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof RowRefused) return error.refusal.cause;
    throw error;
  }
  return "none";
};

describe("a JSON object as a row", () => {
  test("is accepted exactly when JSON.parse accepts it as an object", () => {
    const broken = fc
      .tuple(
        fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue(), { maxKeys: 3 }).map((value) => JSON.stringify(value)),
        fc.nat(40),
        fc.constantFrom("", '"', "\\", ",", "}", "{", "1", "-", ".", "e", "\n", "\u0001", " "),
      )
      .map(([text, at, junk]) => text.slice(0, at) + junk + text.slice(at + (junk.length & at)));
    fc.assert(
      fc.property(broken, (text) => {
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          parsed = undefined;
        }
        const valid = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
        const names: string[] = [];
        const read = () => readObject(text, (name) => names.push(name));
        if (valid) {
          read();
          expect(new Set(names)).toEqual(new Set(Object.keys(parsed as object)));
        } else {
          expect(read).toThrow(JsonFault);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("keeps integers exact and apart from doubles", () => {
    expect(valuesOf(json('{"a": 9007199254740993, "b": 1, "c": 1.0, "d": -0.0, "e": 1e2, "f": -9223372036854775808}'))).toEqual({
      a: 9007199254740993n,
      b: 1n,
      c: 1,
      d: -0,
      e: 100,
      f: INTEGER_MIN,
    });
  });

  test("leaves null out, keeps nested values as their text, and reads wrapped binary", () => {
    expect(valuesOf(json('{"a": null, "b": {"c": [1, 2.50]}, "d": [], "e": {"base64": "AQI="}, "f": {"base64": "?"}}'))).toEqual({
      b: '{"c": [1, 2.50]}',
      d: "[]",
      e: new Uint8Array([1, 2]),
      f: '{"base64": "?"}',
    });
  });

  test("is cast to declared types from its source text", () => {
    const types = { a: "string", b: "double", c: "integer", d: "boolean", e: "string", f: "binary" } as const;
    expect(valuesOf(json('{"a": 1.50, "b": 1, "c": "12", "d": "TRUE", "e": true, "f": "AQI="}', { types }))).toEqual({
      a: "1.50",
      b: 1,
      c: 12n,
      d: true,
      e: "true",
      f: new Uint8Array([1, 2]),
    });
  });

  test.each([
    ['{"a": 9223372036854775808}', "out-of-range"],
    ['{"a": 1e999}', "out-of-range"],
    ['{"a": 1, "a": 2}', "duplicate-column"],
    ['{"a": 1, "b": }', "json"],
    ["[1]", "json"],
    ['{"k": null}', "missing-key"],
    ['{"k": "x"}', "cast"],
  ])("is refused: %s", (text, cause) => {
    const key = cause === "missing-key" || cause === "cast" ? [{ name: "k", type: "integer" as const }] : undefined;
    expect(causeOf(() => json(text, { key }))).toBe(cause);
  });

  test("names a column twice even when a refused row came before it", () => {
    const rows = new JsonRows(layout("x.json"));
    const read = (text: string) => causeOf(() => rows.read(text));
    expect([read('{"a":1,"b":2,"c":3}'), read('{"a":1,"c":2,!}'), read('{"a":1,"c":2,"c":3}'), read('{"a":1,"c":2,"c":3}')]).toEqual([
      "none",
      "json",
      "duplicate-column",
      "duplicate-column",
    ]);
  });
});

describe("text of a value", () => {
  test("reads back as the same value", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = formatText(value);
        const back = text === undefined ? undefined : parseText(text, typeOf(value));
        expect(back !== undefined && sameValue(back, value)).toBe(typeof value !== "number" || Number.isFinite(value));
      }),
    );
  });

  test.each(["", " 1", "1 ", "0x10", "1n", "1_0", "9223372036854775808", "1.0"])("is no integer: %j", (text) => {
    expect(parseText(text, "integer")).toBeUndefined();
  });

  test.each(["", " 1", "0x10", "NaN", "Infinity", "1e999", ".", "1,5"])("is no double: %j", (text) => {
    expect(parseText(text, "double")).toBeUndefined();
  });

  test("holds the ends of the 64-bit range", () => {
    expect([parseText("9223372036854775807", "integer"), parseText("-9223372036854775808", "integer")]).toEqual([INTEGER_MAX, INTEGER_MIN]);
  });
});

describe("a line of CSV as a row", () => {
  const read = (text: string, rest: Partial<FileEndpoint> = {}) =>
    new CsvRows(layout("x.csv", rest), ["a", "b"]).read(text, text.includes('"'));

  test("leaves empty fields out, and keeps those written as an empty string", () => {
    expect(valuesOf(read('"",'))).toEqual({ a: "" });
    expect(valuesOf(read(","))).toEqual({});
    expect(valuesOf(read(",", { empty: "empty" }))).toEqual({ a: "", b: "" });
  });

  test.each([
    ["1", "ragged"],
    ["1,2,3", "ragged"],
    ["x,2", "cast"],
    [",2", "missing-key"],
  ])("is refused: %s", (text, cause) => {
    expect(causeOf(() => read(text, { key: [{ name: "a", type: "integer" }] }))).toBe(cause);
  });
});

describe("a row written and read again", () => {
  const name = fc.string({ minLength: 1, maxLength: 4 });
  const row: fc.Arbitrary<FlowRow> = fc.record({
    key: fc.constant([]),
    columns: fc
      .dictionary(name, anyValue, { maxKeys: 5, noNullPrototype: true })
      .map((columns) => Object.entries(columns).map(([name, value]) => ({ name, value }))),
  });
  const same = (a: FlowRow, b: FlowRow) =>
    a.columns.length === b.columns.length &&
    a.columns.every(({ name, value }) => b.columns.some((other) => other.name === name && sameValue(other.value, value)));
  const decimal = ({ columns }: FlowRow) => columns.every(({ value }) => typeof value !== "number" || Number.isFinite(value));

  test("is the same through JSON, whatever its values", () => {
    const [writer, reader] = [new JsonWriter(layout("x.jsonl")), new JsonRows(layout("x.jsonl"))];
    fc.assert(
      fc.property(row, (row) => {
        expect(decimal(row) ? same(reader.read(writer.text(row).trimEnd()), row) : causeOf(() => writer.text(row)) === "number").toBe(true);
      }),
    );
  });

  test("is the same through CSV with declared types, or is refused", () => {
    fc.assert(
      fc.property(row, fc.constantFrom(",", "\t", "|"), (row, delimiter) => {
        const columns = row.columns.map(({ name }) => name);
        const types = Object.fromEntries(row.columns.map(({ name, value }) => [name, typeOf(value)]));
        const spec = layout("x.csv", { columns: columns.length > 0 ? columns : ["a"], types, delimiter });
        const writer = new CsvWriter(spec, { names: spec.columns });
        let text: string;
        try {
          text = writer.text(row);
        } catch (error) {
          expect(error).toBeInstanceOf(RowRefused);
          expect(
            decimal(row) && row.columns.length > 0 && row.columns.every(({ value }) => typeof value !== "string" || value.isWellFormed()),
          ).toBe(false);
          return;
        }
        const back = new CsvRows(spec, spec.columns!).read(text.slice(0, -1), text.includes('"'));
        expect(same(back, row)).toBe(true);
      }),
    );
  });
});
