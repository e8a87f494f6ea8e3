import { appendFileSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fileSource } from "../../../src/connector/file/file-source.ts";
import { fileEndpoint } from "../../../src/job/endpoint-spec.ts";
import type { Filter } from "../../../src/model/condition.ts";
import { batchesOf, everything, rowsOf, scratchFolder } from "./support.ts";

const folder = scratchFolder();
let files = 0;
/** A source over a file of this content; `rest` are further fields of the endpoint. */
const over = (name: string, content: string | Uint8Array, rest: object = {}) => {
  const path = `${files++}-${name}`;
  writeFileSync(join(folder, path), content);
  return { path, full: join(folder, path), source: fileSource(fileEndpoint.parse({ type: "file", path, ...rest }), folder) };
};
const values = async (source: ReturnType<typeof over>["source"], scope = everything) =>
  (await rowsOf(source, scope)).map((row) => row.columns.map(({ value }) => value));
const refusals = async ({ source, path }: ReturnType<typeof over>) => {
  const batches = await batchesOf(source, (await source.split(1, everything))[0]!);
  return batches.flatMap((batch) => batch.refused.map(({ cause, place, original }) => [cause, place.replace(path, "FILE"), original]));
};

describe("bytes", () => {
  test("may begin with a byte order mark, which is no part of the first name", async () => {
    const { source } = over("a.csv", "\ufeffa,b\n1,2\n");
    expect((await source.describe()).header).toEqual(["a", "b"]);
    expect(await values(over("b.jsonl", '\ufeff{"a":1}\n').source)).toEqual([[1n]]);
    expect(await values(over("c.json", '\ufeff[{"a":1}]').source)).toEqual([[1n]]);
  });

  test("may be latin1 when so declared", async () => {
    expect(await values(over("a.csv", Buffer.from("a\nÜbel\n", "latin1"), { encoding: "latin1" }).source)).toEqual([["Übel"]]);
  });

  test("that are no UTF-8 refuse their row only, shown as it stands", async () => {
    const broken = Buffer.concat([Buffer.from("a,b\n1,2\n"), Buffer.from([0x33, 0xff, 0x2c, 0x34, 0x0a]), Buffer.from("5,6\n")]);
    const file = over("a.csv", broken);
    expect(await refusals(file)).toEqual([["encoding", "FILE:3", "3ÿ,4"]]);
    expect(await values(file.source)).toEqual([
      ["1", "2"],
      ["5", "6"],
    ]);
  });

  test("of UTF-16 are told from UTF-8", async () => {
    await expect(over("a.csv", Buffer.from("\ufeffa,b\n1,2\n", "utf16le")).source.describe()).rejects.toMatchObject({
      code: "TF_SOURCE_FORMAT",
      message: expect.stringContaining("UTF-16") as unknown,
    });
  });

  test("beyond one window are read in constant pieces, also where a character lies across the border", async () => {
    const line = `{"a":"${"ü".repeat(700)}"}\n`;
    const source = over("a.jsonl", line.repeat(3000)).source;
    const batches = await batchesOf(source, (await source.split(1, everything))[0]!);
    expect(batches.length).toBeGreaterThan(3);
    expect(Math.max(...batches.map((batch) => batch.bytes))).toBeLessThan(1_100_000);
    expect(batches.flatMap((batch) => batch.refused)).toEqual([]);
    expect(batches.reduce((sum, batch) => sum + batch.rows, 0)).toBe(3000);
  });

  test("of one row may be many more than a window", async () => {
    const long = "x".repeat(5_000_000);
    expect(await values(over("a.csv", `a,b\n"${long}",1\n2,3\n`).source)).toEqual([
      [long, "1"],
      ["2", "3"],
    ]);
  });
});

describe("rows that cannot be", () => {
  test("are refused with file, line and text, and the others read", async () => {
    const file = over("a.csv", 'a,b\n1,2\n3\n"x\ny",4\n5,6,7\n"8"9,10\n11,12\n', { types: { b: "integer" } });
    expect(await refusals(file)).toEqual([
      ["ragged", "FILE:3", "3"],
      ["ragged", "FILE:6", "5,6,7"],
      ["quotes", "FILE:7", '"8"9,10'],
    ]);
    expect(await values(file.source)).toEqual([
      ["1", 2n],
      ["x\ny", 4n],
      ["11", 12n],
    ]);
  });

  test("are refused in JSON Lines and arrays alike", async () => {
    expect(await refusals(over("a.jsonl", '{"a":1}\n{"a":\n\n[1]\n'))).toEqual([
      ["json", "FILE:2", '{"a":'],
      ["json", "FILE:4", "[1]"],
    ]);
    expect(await refusals(over("a.json", '[{"a":1},\n7, "x",\n{"a": tru}]'))).toEqual([
      ["json", "FILE:2", "7"],
      ["json", "FILE:2", '"x"'],
      ["json", "FILE:3", '{"a": tru}'],
    ]);
  });

  test("are refused with the column where a value is not of its type", async () => {
    const { source } = over("a.csv", "a\n1\nx\n", { types: { a: "integer" } });
    const [batch] = await batchesOf(source, (await source.split(1, everything))[0]!);
    expect(batch!.refused).toMatchObject([{ cause: "cast", column: "a" }]);
  });
});

describe("a file that cannot be followed", () => {
  const cases: [string, string, string | Uint8Array, object, string, string][] = [
    ["without a header line", "a.csv", "", {}, "TF_SOURCE_FORMAT", "empty"],
    ["with a name given twice", "a.csv", "a,b,a\n", {}, "TF_SOURCE_FORMAT", "twice"],
    ["with a column without name", "a.csv", "a,,b\n", {}, "TF_SOURCE_FORMAT", "column 2"],
    ["with another number of columns than named", "a.csv", "a,b\n", { columns: ["x"] }, "TF_SOURCE_FORMAT", "2 columns"],
    ["without a column of the key", "a.csv", "a,b\n", { key: [{ name: "c", type: "string" }] }, "TF_SOURCE_COLUMN_MISSING", "c"],
    ["without a column that has a type", "a.tsv", "a\tb\n", { types: { d: "integer" } }, "TF_SOURCE_COLUMN_MISSING", "d"],
    ["with a quote that is never closed", "a.csv", 'a,b\n1,2\n"3,4\n', {}, "TF_SOURCE_FORMAT", ":3"],
    ["that is an object", "a.json", '{"a":1}', {}, "TF_SOURCE_FORMAT", "array"],
    ["cut off in an array", "a.json", '[{"a":1},\n{"a":', {}, "TF_SOURCE_FORMAT", ":2"],
    ["that is not what its name says", "a.csv.gz", "a,b\n1,2\n", {}, "TF_SOURCE_FORMAT", "damaged"],
    ["whose compression is cut off", "b.csv.gz", gzipSync("a,b\n".repeat(100_000)).subarray(0, 300), {}, "TF_SOURCE_FORMAT", "cut off"],
  ];
  test.each(cases)("%s says so, where and what to do", async (_, name, content, rest, code, text) => {
    const { source } = over(name, content, rest);
    const read = async () => rowsOf(source);
    await expect(read()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`${text}[^]*way out: .{10}`)) as unknown,
    });
  });

  test("is missing", async () => {
    const source = fileSource(fileEndpoint.parse({ type: "file", path: "nowhere.csv" }), folder);
    expect(await source.describe()).toMatchObject({ exists: false, incarnation: "", title: "nowhere.csv" });
    await expect(rowsOf(source)).rejects.toMatchObject({ code: "TF_SOURCE_MISSING" });
  });

  test("is a folder, or lies in a file, or goes round in a circle", async () => {
    mkdirSync(join(folder, "folder.csv"));
    symlinkSync("loop.csv", join(folder, "loop.csv"));
    const { path } = over("a.csv", "a\n");
    for (const name of ["folder.csv", `${path}/b.csv`, "loop.csv"]) {
      await expect(rowsOf(fileSource(fileEndpoint.parse({ type: "file", path: name }), folder))).rejects.toMatchObject({ code: "TF_IO" });
    }
  });

  test.each([
    ["whose format nobody tells", { path: "rows.txt" }, "path"],
    ["whose delimiter is a quote", { path: "a.csv", delimiter: '"' }, "delimiter"],
    ["whose delimiter is not ASCII", { path: "a.csv", delimiter: "§" }, "delimiter"],
    ["without header and names", { path: "a.csv", header: false }, "columns"],
    ["with a name given twice", { path: "a.csv", columns: ["a", "a"] }, "columns"],
    ["with two types for one key column", { path: "a.csv", key: [{ name: "a", type: "integer" }], types: { a: "string" } }, "types.a"],
  ])("is refused before it is read: %s", (_, spec, place) => {
    expect(() => fileSource(fileEndpoint.parse({ type: "file", ...spec }), folder)).toThrow(
      expect.objectContaining({ code: "TF_SPEC_INVALID", place }) as Error,
    );
  });

  test("that becomes shorter while it is read stops the job", async () => {
    const { source, full } = over("a.jsonl", '{"a":1}\n'.repeat(400_000));
    const [split] = await source.split(1, everything);
    const read = async () => {
      for await (const _ of source.scan(split!, undefined, everything)) truncateSync(full, 1_000_000);
    };
    await expect(read()).rejects.toMatchObject({ code: "TF_SOURCE_FORMAT", message: expect.stringContaining("shorter") as unknown });
  });
});

describe("a file described", () => {
  test("counts its rows while it is small and estimates them when it is large", async () => {
    expect(await over("a.csv", "a,b\n1,2\n3,4\n").source.describe()).toMatchObject({
      estimatedRows: 2,
      header: ["a", "b"],
      open: false,
      uniqueKeys: false,
    });
    const { estimatedRows } = await over("b.jsonl", '{"a":12345}\n'.repeat(500_000)).source.describe();
    expect(estimatedRows).toBeGreaterThan(490_000);
    expect(estimatedRows).toBeLessThan(510_000);
    const packed = await over("c.jsonl.gz", gzipSync('{"a":12345}\n'.repeat(500_000))).source.describe();
    expect(packed.estimatedRows).toBeGreaterThan(490_000);
    expect(packed.estimatedRows).toBeLessThan(510_000);
  });

  test("is another one when its content changed", async () => {
    const { source, full } = over("a.csv", "a\n1\n");
    const before = await source.describe();
    appendFileSync(full, "2\n");
    expect((await source.describe()).incarnation).not.toBe(before.incarnation);
  });

  test("names columns by the specification where it has no header, or over it", async () => {
    expect(await values(over("a.csv", "1,2\n", { header: false, columns: ["x", "y"] }).source)).toEqual([["1", "2"]]);
    const { source } = over("b.csv", ",second\n1,2\n", { columns: ["x", "y"] });
    expect((await source.describe()).header).toEqual(["x", "y"]);
    expect(await values(source)).toEqual([["1", "2"]]);
  });
});

describe("splits of a file", () => {
  const line = (at: number) => `{"id":${at},"text":"${"x".repeat(1000)}"}\n`;
  const content = Array.from({ length: 50_000 }, (_, at) => line(at)).join("");

  test("cut JSON Lines at line ends, with the lines numbered through", async () => {
    const { source, path } = over("a.jsonl", content);
    const splits = await source.split(3, everything);
    expect(splits.length).toBe(3);
    let next = 1;
    for (const split of splits) {
      for await (const batch of source.scan(split, undefined, everything)) {
        expect(batch.place(0)).toBe(`${path}:${next}`);
        next += batch.rows;
      }
    }
    expect(next).toBe(50_001);
  });

  test("cut CSV only where no quote could hide a line end", async () => {
    const rows = Array.from({ length: 40_000 }, (_, at) => `${at},${"x".repeat(1000)}\n`).join("");
    const cut = over("a.csv", `id,text\n${rows}`).source;
    expect((await cut.split(2, everything)).length).toBe(2);
    expect((await rowsOf(cut, everything, 2)).length).toBe(40_000);
    expect((await over("b.csv", `id,text\n${rows}"1","2"\n`).source.split(2, everything)).length).toBe(1);
  });

  test("leave arrays and compressed files whole", async () => {
    expect((await over("a.jsonl.gz", gzipSync(content)).source.split(4, everything)).length).toBe(1);
    expect((await over("a.json", `[${content.trim().replaceAll("\n", ",\n")}]`).source.split(4, everything)).length).toBe(1);
  });
});

describe("a part of a file", () => {
  const rows = 'id,name,size\n1,a,10\n2,b,\n3,,30\n4,d,"40"\n';
  const rest = { key: [{ name: "id", type: "integer" }], types: { size: "integer" } };
  const ids = async (filter: Filter | undefined, range?: { from?: bigint[]; to?: bigint[] }) => {
    const found = await rowsOf(over("a.csv", rows, rest).source, { versions: "latest", filter, range });
    return found.map((row) => Number(row.key[0]!.value));
  };
  const column = (
    name: string,
    comparator: Extract<Filter, { type: "column" }>["comparator"],
    value: bigint | string = "",
    filterIfMissing = true,
  ): Filter => ({
    type: "column",
    name,
    comparator,
    value,
    filterIfMissing,
    latestVersionOnly: true,
  });

  test.each<[string, Filter, number[]]>([
    ["an equal value", column("name", "equal", "b"), [2]],
    ["a greater value", column("size", "greater", 10n), [3, 4]],
    ["a value of another type, which never matches", column("size", "notEqual", "10"), []],
    ["a missing column that passes", column("size", "less", 20n, false), [1, 2]],
    ["a column that exists", column("name", "exist"), [1, 2, 4]],
    ["a column that does not", column("name", "notExist"), [3]],
    ["both", { type: "and", filters: [column("size", "greaterEqual", 10n), column("size", "lessEqual", 30n)] }, [1, 3]],
    ["either", { type: "or", filters: [column("name", "equal", "a"), column("name", "equal", "d")] }, [1, 4]],
    ["not", { type: "not", filters: [column("name", "equal", "a")] }, [2, 3, 4]],
    ["a key column", column("id", "greater", 3n), [4]],
  ])("is told by %s", async (_, filter, expected) => {
    expect(await ids(filter)).toEqual(expected);
  });

  test("is told by a range of its key, end excluded", async () => {
    expect(await ids(undefined, { from: [2n], to: [4n] })).toEqual([2, 3]);
  });

  test("cannot be told by a range where it has no key", async () => {
    await expect(rowsOf(over("a.csv", rows).source, { versions: "latest", range: { from: [1n] } })).rejects.toMatchObject({
      code: "TF_SPEC_INVALID",
    });
  });
});
