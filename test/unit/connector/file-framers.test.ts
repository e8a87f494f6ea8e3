import fc from "fast-check";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { ArrayFramer } from "../../../src/connector/file/array-framer.ts";
import { CsvFramer } from "../../../src/connector/file/csv-framer.ts";
import { splitQuoted } from "../../../src/connector/file/csv-record.ts";
import type { Framer } from "../../../src/connector/file/framer.ts";
import { LineFramer } from "../../../src/connector/file/line-framer.ts";

/** Reads as the record reader does, with windows that end wherever `cuts` says. */
function frame(make: () => Framer, text: string, cuts: readonly number[]): { records: string[]; lines: number[] } {
  const bytes = Buffer.from(text);
  const framer = make();
  const [records, lines]: [string[], number[]] = [[], []];
  let from = 0;
  let line = 0;
  for (const end of [...[...new Set(cuts)].sort((a, b) => a - b).filter((cut) => cut < bytes.length), bytes.length]) {
    const window = Buffer.from(bytes.subarray(from, end));
    let at = 0;
    while (framer.find(window, at, end === bytes.length)) {
      records.push(window.toString("utf8", framer.start, framer.stop));
      lines.push(line + framer.linesBefore + 1);
      line += framer.linesBefore + framer.linesWithin;
      at = framer.next;
    }
    from += at;
  }
  return { records, lines };
}

const cuts = fc.array(fc.nat(200), { maxLength: 6 });
const field = fc.oneof(fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "ü"), maxLength: 5 }), fc.constantFrom("", "x"));
const quote = (text: string) => (/[",\n\r]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text);

describe("records of CSV", () => {
  test("are what csv-parse finds, wherever the windows are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 2, maxLength: 3 }), { maxLength: 5 }),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        cuts,
        (rows, eol, ended, cuts) => {
          const text = rows.map((row) => row.map(quote).join(",")).join(eol) + (ended && rows.length > 0 ? eol : "");
          const { records } = frame(() => new CsvFramer(44), text, cuts);
          const fields = records.map((record) => splitQuoted(record, 44).map((value) => value ?? ""));
          expect(fields).toEqual(parse(text, { relax_column_count: true, record_delimiter: eol }));
          expect(fields).toEqual(rows);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("have the line on which they begin, line ends inside quotes counted", () => {
    const text = 'a,b\n"1\n2\n3",x\r\n\n\ny,"z"\nlast,one';
    expect(frame(() => new CsvFramer(44), text, [5, 9]).lines).toEqual([1, 2, 7, 8]);
  });

  test("take a quote inside an unquoted field for a character", () => {
    expect(frame(() => new CsvFramer(44), '5" pipe,x\n6" pipe,y\n', []).records).toEqual(['5" pipe,x', '6" pipe,y']);
    expect(splitQuoted('5" pipe,x', 44)).toEqual(['5" pipe', "x"]);
  });

  test("are marked where text follows a closing quote, and the next one is found", () => {
    const framer = new CsvFramer(44);
    const window = Buffer.from('"a"b,c\nd,e\n');
    expect(framer.find(window, 0, true)).toBe(true);
    expect(framer.fault).toBe("text follows a closing quote");
    expect(framer.find(window, framer.next, true)).toBe(true);
    expect([framer.fault, window.toString("utf8", framer.start, framer.stop)]).toEqual([undefined, "d,e"]);
  });

  test("end with a fault where a quote is never closed", () => {
    expect(() => frame(() => new CsvFramer(44), 'a,b\n"c,d\ne,f\n', [])).toThrow("never closed");
  });

  test("tell a field with nothing in it from an empty one", () => {
    expect(splitQuoted('"",,"a""b",', 44)).toEqual(["", undefined, 'a"b', undefined]);
  });
});

describe("records of JSON Lines", () => {
  test("are the lines that are not blank, wherever the windows are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("{}", '{"a": "ü"}', "", "  ", "\r", "x"), { maxLength: 8 }), cuts, (lines, cuts) => {
        const { records, lines: numbers } = frame(() => new LineFramer(), lines.join("\n"), cuts);
        const kept = lines.map((line, at) => [line.trim(), at + 1] as const).filter(([line]) => line !== "");
        expect(records.map((record, at) => [record, numbers[at]])).toEqual(kept);
      }),
    );
  });
});

describe("records of a JSON array", () => {
  const element = fc.oneof(fc.json(), fc.constantFrom('{"a": "]}\\"\\\\"}', '{"a":[{"b":1}]}', "12", '"x"', "null"));

  test("are its elements, wherever the windows are cut", () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 6 }), fc.constantFrom(",", " ,\n", ",\r\n "), cuts, (elements, comma, cuts) => {
        const { records } = frame(() => new ArrayFramer(false), `\n[ ${elements.join(comma)} ]\n`, cuts);
        expect(records.map((record) => JSON.parse(record) as unknown)).toEqual(elements.map((text) => JSON.parse(text) as unknown));
      }),
      { numRuns: 500 },
    );
  });

  test("have the line on which they begin", () => {
    expect(frame(() => new ArrayFramer(false), '[\n{"a":\n1},\n\n{"b":2}, {"c":3}]', []).lines).toEqual([2, 5, 5]);
  });

  test.each([
    ["{}", "one array"],
    ["", "no JSON array"],
    ["[{}", "never closed"],
    ["[{},", "never closed"],
    ["[{},]", "element is missing"],
    ["[,{}]", "element is missing"],
    ["[{} {}]", "a comma or the end"],
    ["[{}] x", "something follows"],
    ['[{"a": [}', "cut off"],
    ['[{"a": "]', "cut off"],
  ])("end with a fault in %s", (text, message) => {
    expect(() => frame(() => new ArrayFramer(false), text, [])).toThrow(message);
  });

  test("can be gone on with behind an element", () => {
    const text = '[{"a":1}, {"b":2}]';
    const framer = new ArrayFramer(true);
    const window = Buffer.from(text.slice(8));
    expect(framer.find(window, 0, true)).toBe(true);
    expect(window.toString("utf8", framer.start, framer.stop)).toBe('{"b":2}');
    expect(framer.find(window, framer.next, true)).toBe(false);
  });
});
