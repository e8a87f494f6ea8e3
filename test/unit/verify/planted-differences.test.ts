import { describe, expect, test } from "vitest";
import type { FlowRow } from "../../../src/job/mapping.ts";
import type { Value } from "../../../src/model/value.ts";
import { maskedText } from "../../../src/verify/value-text.ts";
import { compare, mapping, row, rows, versioned, type Comparison } from "./support/compare.ts";
import { MemorySide } from "./support/memory-side.ts";

/** 40 rows on both sides, with `plant` done to the target's. */
async function planted(plant: (target: FlowRow[]) => FlowRow[], given: Comparison = {}) {
  const source = rows(40);
  const { result } = await compare(new MemorySide(source), new MemorySide(plant(rows(40))), given);
  return result;
}

const replaced = (id: number, columns: Record<string, Value>) => (target: FlowRow[]) =>
  target.map((one, i) => (i === id ? row(id, columns) : one));
const sound = { name: "name 7", size: 21n, ratio: 1 };

describe("a verification of two equal sides", () => {
  test("says equal, with the same digest, and reads each row once", async () => {
    const source = new MemorySide(rows(100));
    const target = new MemorySide(rows(100).reverse(), { splits: 7, batchRows: 3 });
    const { result } = await compare(source, target);
    expect(result).toMatchObject({
      equal: true,
      sourceRows: 100,
      targetRows: 100,
      differenceCount: 0,
      differences: [],
      live: false,
      unsettled: 0,
      coverage: { kind: "all" },
    });
    expect(result.sourceDigest).toBe(result.targetDigest);
    expect([source.lookedUp, target.lookedUp]).toEqual([0, 0]);
  });

  test("says equal of two empty sides", async () => {
    const { result } = await compare(new MemorySide([]), new MemorySide([]));
    expect(result).toMatchObject({ equal: true, sourceRows: 0, targetRows: 0 });
  });

  test("goes through the mapping: renamed key and columns, one derived, one dropped, rows left out", async () => {
    const through = mapping(
      {
        key: { number: "id" },
        columns: { title: "name", half: { inputs: ["ratio"], derive: (ratio: never) => (ratio as number) / 2 } },
        drop: ["size", "ratio"],
        keep: { inputs: ["size"], when: (size: never) => (size as bigint) % 2n === 0n },
      },
      [{ name: "number", type: "integer" }],
    );
    const target = rows(40).flatMap((_, i) =>
      i % 2 === 0
        ? [
            {
              key: [{ name: "number", value: BigInt(i) }],
              columns: [
                { name: "title", value: `name ${i}` },
                { name: "half", value: i / 7 / 2 },
              ],
            },
          ]
        : [],
    );
    const { result } = await compare(new MemorySide(rows(40)), new MemorySide(target, { key: [{ name: "number", type: "integer" }] }), {
      mapping: through,
    });
    expect(result).toMatchObject({ equal: true, sourceRows: 20, targetRows: 20, filteredRows: 20 });
  });
});

describe("a planted difference is found and named:", () => {
  test("a missing row", async () => {
    const result = await planted((target) => target.toSpliced(13, 1));
    expect(result).toMatchObject({ equal: false, differenceCount: 1, differences: [{ kind: "missing", key: "id=13", columns: [] }] });
  });

  test("an extra row", async () => {
    const result = await planted((target) => [...target, row(99, { name: "x" })]);
    expect(result).toMatchObject({ equal: false, differenceCount: 1, differences: [{ kind: "extra", key: "id=99", columns: [] }] });
  });

  test("one missing and one extra, whose counts cancel", async () => {
    const result = await planted((target) => [...target.toSpliced(13, 1), row(99)]);
    expect(result.sourceRows).toBe(result.targetRows);
    expect(result).toMatchObject({ equal: false, differenceCount: 2 });
    expect(result.differences.map(({ kind, key }) => `${kind} ${key}`).sort()).toEqual(["extra id=99", "missing id=13"]);
  });

  test("values swapped between two rows", async () => {
    const result = await planted((target) =>
      target.map((one, i) =>
        i === 3 ? row(3, { name: "name 4", size: 9n, ratio: 3 / 7 }) : i === 4 ? row(4, { name: "name 3", size: 12n, ratio: 4 / 7 }) : one,
      ),
    );
    expect(result.differenceCount).toBe(2);
    expect(result.differences).toContainEqual({
      kind: "different",
      key: "id=3",
      columns: [{ name: "name", source: '"name 3"', target: '"name 4"', why: "value differs" }],
    });
    expect(result.differences).toContainEqual({
      kind: "different",
      key: "id=4",
      columns: [{ name: "name", source: '"name 4"', target: '"name 3"', why: "value differs" }],
    });
  });

  test.each<[string, Value | undefined, Value | undefined, string | null, string | null, string]>([
    ["an integer against a string", 1n, "1", "1", '"1"', "type differs: integer in the source, string in the target"],
    ["an integer against a double", 1n, 1, "1", "1.0", "type differs: integer in the source, double in the target"],
    ["negative zero", -0, 0, "-0.0", "0.0", "sign of zero differs"],
    ["an empty string against an absent column", "", undefined, '""', null, "absent in the target, empty in the source"],
    ["an absent column against an empty binary", undefined, new Uint8Array(0), null, "0x", "absent in the source, empty in the target"],
    ["an absent column", 5n, undefined, "5", null, "absent in the target"],
    ["true against the string", true, "true", "true", '"true"', "type differs: boolean in the source, string in the target"],
    ["bytes against the same text", new Uint8Array([65]), "A", "0x41", '"A"', "type differs: binary in the source, string in the target"],
    ["the last bit of a double", 0.1, 0.1 + 2 ** -56, "0.1", "0.10000000000000002", "value differs"],
  ])("%s", async (_name, here, there, source, target, why) => {
    const columns = (value: Value | undefined): Record<string, Value> => (value === undefined ? { name: "n" } : { name: "n", odd: value });
    const { result } = await compare(new MemorySide([row(1), row(7, columns(here))]), new MemorySide([row(1), row(7, columns(there))]));
    expect(result).toMatchObject({ equal: false, differenceCount: 1 });
    expect(result.differences).toEqual([{ kind: "different", key: "id=7", columns: [{ name: "odd", source, target, why }] }]);
  });

  test("a timestamp alone, under keep only", async () => {
    const source = [versioned(1, ["a", 5n, 1000])];
    const target = [versioned(1, ["a", 5n, 1001])];
    const kept = await compare(new MemorySide(source), new MemorySide(target), { scope: { versions: "keep" } });
    expect(kept.result.differences).toEqual([
      { kind: "different", key: "id=1", columns: [{ name: "a", source: "5 at 1000", target: "5 at 1001", why: "timestamp differs" }] },
    ]);
    const latest = await compare(new MemorySide(source), new MemorySide(target));
    expect(latest.result.equal).toBe(true);
  });

  test("an older version that only one side has, as hidden version", async () => {
    const source = [versioned(1, ["a", 5n, 1000])];
    const target = [versioned(1, ["a", 5n, 1000], ["a", 4n, 900])];
    const { result } = await compare(new MemorySide(source), new MemorySide(target), { scope: { versions: "keep" } });
    expect(result.differences).toEqual([
      {
        kind: "hidden-version",
        key: "id=1",
        columns: [
          { name: "a", source: "5 at 1000", target: "5 at 1000, 4 at 900", why: "versions differ: 1 in the source, 2 in the target" },
        ],
      },
    ]);
  });

  test("a newer version that only the target has, as difference", async () => {
    const source = [versioned(1, ["a", 5n, 1000])];
    const target = [versioned(1, ["a", 6n, 1100], ["a", 5n, 1000])];
    const { result } = await compare(new MemorySide(source), new MemorySide(target), { scope: { versions: "keep" } });
    expect(result.differences).toMatchObject([{ kind: "different", key: "id=1" }]);
  });

  test("the second of two rows that one source row becomes", async () => {
    const through = mapping({
      row: (given) => [
        { id: (given["id"] as bigint) * 2n, half: "first" },
        { id: (given["id"] as bigint) * 2n + 1n, half: "second" },
      ],
      injective: true,
    });
    const target = Array.from({ length: 20 }, (_, i) => row(i, { half: i % 2 === 0 ? "first" : "second" }));
    const harmed = target.filter((_, i) => i !== 7).map((one, i) => (i === 12 ? row(13, { half: "third" }) : one));
    const equal = await compare(new MemorySide(rows(10)), new MemorySide(target), { mapping: through });
    expect(equal.result).toMatchObject({ equal: true, sourceRows: 20, filteredRows: 0 });
    for (const looksUp of [true, false]) {
      const { result } = await compare(new MemorySide(rows(10), { looksUp }), new MemorySide(harmed), { mapping: through });
      expect(result.differences.map(({ kind, key }) => `${kind} ${key}`).sort()).toEqual(["different id=13", "missing id=7"]);
    }
  });

  test("two source rows that map to one target row", async () => {
    const through = mapping({ key: { id: { inputs: ["id"], derive: (id: never) => (id as bigint) / 2n } }, injective: true });
    const target = [0, 1, 2, 3].map((id) => row(id, { name: `name ${id * 2}`, size: BigInt(id * 6), ratio: (id * 2) / 7 }));
    const source = rows(8).filter((_, i) => i % 2 === 0 || i === 5);
    const { result } = await compare(new MemorySide(source), new MemorySide(target), { mapping: through });
    expect(result).toMatchObject({ equal: false, differenceCount: 1, differences: [{ kind: "duplicate", key: "id=2" }] });
    expect(result.differences[0]!.columns.map(({ source: place }) => place).sort()).toEqual(["id=4", "id=5"]);
  });

  test("a row that stands twice in a file, even where both are the same", async () => {
    const source = new MemorySide([...rows(5), row(2, { name: "name 2", size: 6n, ratio: 2 / 7 })], { looksUp: false });
    const { result } = await compare(source, new MemorySide(rows(5)));
    expect(result).toMatchObject({
      equal: false,
      differenceCount: 1,
      differences: [{ kind: "duplicate", key: "id=2", columns: [{ source: "memory:3" }, { source: "memory:6" }] }],
    });
  });

  test("a row that stands there four times, as three too many", async () => {
    const again = [1, 2, 3].map((size) => row(2, { size: BigInt(size) }));
    const { result } = await compare(new MemorySide([...rows(5), ...again], { looksUp: false }), new MemorySide(rows(5)));
    expect(result).toMatchObject({ differenceCount: 3, differences: [{ kind: "duplicate", key: "id=2" }] });
  });

  test("a row of a target that cannot be asked by key", async () => {
    const target = new MemorySide([...replaced(7, { ...sound, size: 22n })(rows(40)), row(50)], { looksUp: false });
    const { result } = await compare(new MemorySide(rows(40), { looksUp: false }), target);
    expect(result.differences).toEqual([
      { kind: "different", key: "id=7", source: "memory:8", columns: [{ name: "size", source: "21", target: "22", why: "value differs" }] },
      { kind: "extra", key: "id=50", columns: [] },
    ]);
  });

  test("a row of the target that cannot be read", async () => {
    const unreadable = [{ cause: "format", text: "a quote is open", place: "target.csv:9", original: '"' }];
    const { result } = await compare(new MemorySide(rows(3)), new MemorySide(rows(3), { unreadable }));
    expect(result).toMatchObject({ equal: false, differenceCount: 1, rejectedRows: 0 });
    expect(result.differences).toEqual([
      {
        kind: "extra",
        key: "target.csv:9",
        columns: [{ name: "(row)", source: null, target: null, why: "cannot be read: a quote is open" }],
      },
    ]);
  });

  test("a row that the source cannot read is rejected, not different", async () => {
    const unreadable = [{ cause: "format", text: "a quote is open", place: "source.csv:9", original: '"' }];
    const { result } = await compare(new MemorySide(rows(3), { unreadable }), new MemorySide(rows(3)));
    expect(result).toMatchObject({ equal: true, rejectedRows: 1, filteredRows: 0 });
  });

  test("rows without key, by how often they occur", async () => {
    const plain = (name: string): FlowRow => ({ key: [], columns: [{ name: "name", value: name }] });
    const source = new MemorySide([plain("a"), plain("b"), plain("b"), plain("b"), plain("c")], { key: [], looksUp: false });
    const target = new MemorySide([plain("b"), plain("a"), plain("d"), plain("c")], { key: [], looksUp: false });
    const { result } = await compare(source, target);
    expect(result.differenceCount).toBe(3);
    expect(result.differences).toContainEqual({
      kind: "missing",
      key: "memory:2",
      columns: [{ name: "(row)", source: null, target: null, why: "3 in the source, 1 in the target" }],
    });
    expect(result.differences).toContainEqual({
      kind: "extra",
      key: "memory:3",
      columns: [{ name: "(row)", source: null, target: null, why: "0 in the source, 1 in the target" }],
    });
  });
});

describe("the report", () => {
  test("lists as many differences as asked for and counts all", async () => {
    const result = await planted(() => [], { verify: { list: 5 } });
    expect(result.differences).toHaveLength(5);
    expect(result.differenceCount).toBe(40);
  });

  test("shows values masked when asked: equal values alike, and nothing of them", async () => {
    const result = await planted(replaced(7, { ...sound, name: "secret", size: 21n }), { verify: { maskValues: true } });
    const [difference] = result.differences;
    const masked = difference!.columns.find(({ name }) => name === "name")!;
    expect(masked.source).toMatch(/^string#[0-9a-f]{8}$/);
    expect(masked.target).toMatch(/^string#[0-9a-f]{8}$/);
    expect(masked.source).not.toBe(masked.target);
    expect(JSON.stringify(result)).not.toContain("secret");
  });

  test("masks anew in every run, so that nobody can collect what a hash stands for", () => {
    const [one, other] = [maskedText(new Uint8Array([1])), maskedText(new Uint8Array([2]))];
    expect(one("a")).toBe(one("a"));
    expect(one("a")).not.toBe(other("a"));
    expect(new Set([one(1n), one(1), one("1"), one(-0), one(0)]).size).toBe(5);
  });

  test("goes through much that differs in bounded groups, and counts every row", async () => {
    const source = new MemorySide(rows(300));
    const target = new MemorySide(rows(300).map((one) => ({ ...one, columns: [] })));
    const { result } = await compare(source, target, { bounds: { rows: 50, passes: 100, settled: 10_000 } });
    expect(result).toMatchObject({ equal: false, differenceCount: 300 });
  });

  test("counts without reading again once the verdict is beyond doubt, and says so", async () => {
    const source = new MemorySide(rows(300));
    const { result, notes } = await compare(source, new MemorySide([]), {
      verify: { list: 2 },
      bounds: { rows: 50, passes: 100, settled: 5 },
    });
    expect(result).toMatchObject({ equal: false, differenceCount: 300 });
    expect(source.lookedUp).toBeLessThan(10);
    expect(notes).toEqual([expect.stringMatching(/^of the differing rows, 2\d\d were counted as they were first read/)]);
  });

  test("says that it did not count to the end, and never equal, when too much differs", async () => {
    const { result, notes } = await compare(new MemorySide(rows(300)), new MemorySide([]), {
      bounds: { rows: 50, passes: 2, settled: 10_000 },
    });
    expect(result.equal).toBe(false);
    expect(result.differenceCount).toBeLessThan(300);
    expect(notes.join()).toMatch(/not counted to the end: at least \d+ rows; \d+ of 65,536 leaves/);
  });

  test("never says equal of leaves that it did not look into", async () => {
    const { result } = await compare(new MemorySide(rows(3)), new MemorySide([]), { bounds: { rows: 50, passes: 0, settled: 10_000 } });
    expect(result).toMatchObject({ equal: false, differenceCount: 0 });
  });

  test("tells progress with numbers that only grow", async () => {
    const { progress } = await compare(new MemorySide(rows(300)), new MemorySide(rows(299)));
    expect(progress.map(({ phase }) => phase)).toEqual(["verify", "verify", "settle", "certificate"]);
    const read = progress.map(({ rowsRead }) => rowsRead);
    expect(read).toEqual(read.toSorted((a, b) => a - b));
    expect(progress[0]).toMatchObject({ estimatedRows: 599, splits: 6, job: "test" });
    expect(progress[2]).toMatchObject({ splitsDone: 6 });
  });
});
