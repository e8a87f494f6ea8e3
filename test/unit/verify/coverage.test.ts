import { describe, expect, test } from "vitest";
import type { ScanScope } from "../../../src/connector/connector.ts";
import type { Filter } from "../../../src/model/condition.ts";
import { RowHasher } from "../../../src/verify/flow-batch.ts";
import { leafOf } from "../../../src/verify/key-leaf.ts";
import { compare, keyed, mapping, row, rows } from "./support/compare.ts";
import { MemorySide } from "./support/memory-side.ts";

const middle: ScanScope = { versions: "latest", range: { from: [10n], to: [20n] } };
const large: Filter = {
  type: "column",
  name: "size",
  comparator: "greaterEqual",
  value: 60n,
  filterIfMissing: true,
  latestVersionOnly: true,
};

describe("a part of a table", () => {
  test("by key range: the same range is read on both sides, and extra rows in it are found", async () => {
    const target = new MemorySide([...rows(40).filter((_, i) => i < 30), row(15, {})].toSpliced(15, 1));
    const { result } = await compare(new MemorySide(rows(40)), target, { scope: middle });
    expect(result.coverage).toEqual({ kind: "part", text: "rows with key in [10; 20) on both sides, extra rows found" });
    expect(result).toMatchObject({ equal: false, sourceRows: 10, targetRows: 10, differences: [{ kind: "different", key: "id=15" }] });
  });

  test("by key range under a mapping that only renames the key", async () => {
    const through = mapping({ key: { number: "id" } }, [{ name: "number", type: "integer" }]);
    const side = (from: number, to: number) =>
      new MemorySide(
        rows(40)
          .slice(from, to)
          .map((one, i) => ({ ...one, key: [{ name: "number", value: BigInt(from + i) }] })),
        { key: [{ name: "number", type: "integer" }] },
      );
    const { result } = await compare(new MemorySide(rows(40)), side(0, 40), { scope: middle, mapping: through });
    expect(result).toMatchObject({
      equal: true,
      sourceRows: 10,
      targetRows: 10,
      coverage: { text: expect.stringContaining("extra rows found") as string },
    });
  });

  test("by leading key columns that keep their order, under a longer target key", async () => {
    const sourceKey = [
      { name: "a", type: "integer" },
      { name: "b", type: "integer" },
    ] as const;
    const targetKey = [
      { name: "a", type: "integer" },
      { name: "c", type: "string" },
      { name: "b", type: "integer" },
    ] as const;
    const through = mapping({ key: { a: "a", c: { constant: "x" }, b: "b" } }, targetKey, sourceKey);
    const source = new MemorySide(
      [1n, 2n, 3n].map((a) => keyed({ a, b: 0n })),
      { key: sourceKey },
    );
    const target = new MemorySide(
      [2n, 3n].map((a) => keyed({ a, c: "x", b: 0n })),
      { key: targetKey },
    );
    const { result } = await compare(source, target, { scope: { versions: "latest", range: { from: [2n], to: [3n] } }, mapping: through });
    expect(result).toMatchObject({ equal: true, sourceRows: 1, targetRows: 1 });
  });

  test("by key range under a mapping that derives the key: rows are looked up, and extra ones are not claimed to be absent", async () => {
    const through = mapping({ key: { id: { inputs: ["id"], derive: (id: never) => 1000n - (id as bigint) } }, injective: true });
    const turned = rows(40).map((one, i) => ({ ...one, key: [{ name: "id", value: 1000n - BigInt(i) }] }));
    const target = new MemorySide([...turned, row(985, { name: "extra" })].filter(({ key }) => key[0]!.value !== 988n));
    const { result } = await compare(new MemorySide(rows(40)), target, { scope: middle, mapping: through });
    expect(result.coverage).toEqual({ kind: "part", text: "source rows with key in [10; 20); extra rows not checked" });
    expect(result).toMatchObject({
      equal: false,
      sourceRows: 10,
      targetRows: 9,
      differences: [{ kind: "missing", key: "id=988" }],
      live: false,
    });
  });

  test("by looking up, equal rows are equal and the digests the same", async () => {
    const through = mapping({ key: { id: { inputs: ["id"], derive: (id: never) => 1000n - (id as bigint) } }, injective: true });
    const target = new MemorySide([...rows(40).map((one, i) => ({ ...one, key: [{ name: "id", value: 1000n - BigInt(i) }] })), row(5)]);
    const { result } = await compare(new MemorySide(rows(40)), target, { scope: middle, mapping: through });
    expect(result).toMatchObject({ equal: true, sourceRows: 10, targetRows: 10, differenceCount: 0 });
    expect(result.sourceDigest).toBe(result.targetDigest);
  });

  test("by looking up, rows that share a leaf with a missing one do not count as having moved", async () => {
    const through = mapping({ key: { id: { inputs: ["id"], derive: (id: never) => 1000n + (id as bigint) } }, injective: true });
    const [one, other] = leafMates(1000);
    const source = new MemorySide([row(one), row(other)]);
    const target = new MemorySide([row(1000 + one)]);
    const { result } = await compare(source, target, { scope: { versions: "latest", range: { from: [0n] } }, mapping: through });
    expect(result).toMatchObject({ differences: [{ kind: "missing", key: `id=${1000 + other}` }], live: false });
  });

  test("by filter, where nothing is mapped: the same filter on both sides, and a row that fell out of it is different, not missing", async () => {
    const target = rows(40).map((one, i) => (i === 30 ? row(30, { name: "name 30", size: 1n, ratio: 30 / 7 }) : one));
    const { result } = await compare(new MemorySide(rows(40)), new MemorySide(target), { scope: { versions: "latest", filter: large } });
    expect(result.coverage.text).toBe("rows with size ≥ 60 on both sides, extra rows found");
    expect(result.differences).toEqual([
      { kind: "different", key: "id=30", columns: [{ name: "size", source: "90", target: "1", why: "value differs" }] },
    ]);
  });

  test("by filter and range under a mapping that renames a column: rows are looked up, since the filter's column may be another there", async () => {
    const through = mapping({ columns: { amount: "size" } });
    const target = new MemorySide(
      rows(40).map(({ key, columns }) => ({
        key,
        columns: columns.map((one) => (one.name === "size" ? { ...one, name: "amount" } : one)),
      })),
    );
    const { result } = await compare(new MemorySide(rows(40)), target, { scope: { ...middle, filter: large }, mapping: through });
    expect(result.coverage.text).toBe("source rows with key in [10; 20) and size ≥ 60; extra rows not checked");
    expect(result).toMatchObject({ equal: true, sourceRows: 0 });
    const wide = await compare(new MemorySide(rows(40)), target, { scope: { versions: "latest", filter: large }, mapping: through });
    expect(wide.result).toMatchObject({ equal: true, sourceRows: 20, targetRows: 20 });
  });

  test("into a target that holds only this job's rows: every row of it is compared, and one that the part does not have is extra", async () => {
    const target = new MemorySide(rows(40).filter((_, i) => (i >= 10 && i < 20) || i === 25));
    const { result } = await compare(new MemorySide(rows(40)), target, { scope: middle, targetHoldsOnlyThis: true });
    expect(result.coverage).toEqual({ kind: "part", text: "source rows with key in [10; 20); every row of the target, extra rows found" });
    expect(result.differences).toEqual([{ kind: "extra", key: "id=25", columns: [] }]);
  });

  test("that can be compared in no way is refused, with a way out", async () => {
    const through = mapping({ columns: { other: "name" } });
    const target = new MemorySide(rows(3), { looksUp: false });
    await expect(
      compare(new MemorySide(rows(3)), target, { scope: { versions: "latest", filter: large }, mapping: through }),
    ).rejects.toMatchObject({ code: "TF_SPEC_INVALID", place: "filter" });
  });
});

/** Two numbers whose rows, keyed by them plus `more`, fall into one leaf. */
function leafMates(more: number): readonly [number, number] {
  const hasher = new RowHasher({ versions: "latest" });
  const seen = new Map<number, number>();
  for (let id = 0; ; id++) {
    let leaf = 0;
    hasher.each([row(more + id)], (bytes, start, keyEnd) => (leaf = leafOf(bytes, start, keyEnd)));
    const mate = seen.get(leaf);
    if (mate !== undefined) return [mate, id];
    seen.set(leaf, id);
  }
}
