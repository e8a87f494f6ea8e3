import { describe, expect, test } from "vitest";
import { rejectIndex } from "../../../src/verify/reject-index.ts";
import type { Reject } from "../../../src/pipeline/rejects.ts";
import { compare, mapping, row, rows } from "./support/compare.ts";
import { MemorySide } from "./support/memory-side.ts";

async function* stored(...rejects: Partial<Reject>[]): AsyncGenerator<Reject> {
  for (const reject of rejects)
    yield { cause: "too-large", text: "too large", split: "s0", place: "?", original: "", mappingHash: "m", at: 0, ...reject };
}

describe("rejected rows", () => {
  test("that the mapping refuses are counted apart, and their absence is no difference", async () => {
    const through = mapping({ columns: { size: { from: "name", as: "integer" } } });
    const source = new MemorySide([row(1, { name: "17" }), row(2, { name: "many" })]);
    const target = new MemorySide([row(1, { size: 17n })]);
    const { result } = await compare(source, target, { mapping: through });
    expect(result).toMatchObject({ equal: true, rejectedRows: 1, sourceRows: 1, targetRows: 1, filteredRows: 0 });
  });

  test("that the target refused are known by where they stood", async () => {
    const rejects = await rejectIndex(stored({ place: "memory:4" }));
    const { result } = await compare(new MemorySide(rows(10)), new MemorySide(rows(10).toSpliced(3, 1)), { rejects });
    expect(result).toMatchObject({ equal: true, rejectedRows: 1, sourceRows: 10, targetRows: 9, live: false });
  });

  test("do not explain another row that is missing", async () => {
    const rejects = await rejectIndex(stored({ place: "memory:4" }));
    const { result } = await compare(new MemorySide(rows(10)), new MemorySide(rows(10).toSpliced(3, 2)), { rejects });
    expect(result).toMatchObject({ equal: false, rejectedRows: 1, differences: [{ kind: "missing", key: "id=4" }] });
  });

  test("explain the second of two rows of a file with one key, and not the first", async () => {
    const source = () => new MemorySide([...rows(5), row(2, { name: "again" })], { looksUp: false });
    const rejects = await rejectIndex(stored({ place: "memory:6" }));
    const sound = await compare(source(), new MemorySide(rows(5)), { rejects });
    expect(sound.result).toMatchObject({ equal: true, rejectedRows: 1 });
    const harmed = await compare(source(), new MemorySide(rows(5).toSpliced(2, 1, row(2, { name: "harmed" }))), { rejects });
    expect(harmed.result).toMatchObject({ equal: false, differences: [{ kind: "different", key: "id=2" }] });
  });

  test("explain any number of rows with one key", async () => {
    const again = Array.from({ length: 9 }, () => row(2, { name: "again" }));
    const rejects = await rejectIndex(stored(...again.map((_, i) => ({ place: `memory:${6 + i}` }))));
    for (const looksUp of [true, false]) {
      const source = new MemorySide([...rows(5), ...again], { looksUp });
      expect((await compare(source, new MemorySide(rows(5)), { rejects })).result).toMatchObject({ equal: true, rejectedRows: 9 });
    }
  });

  test("of a table are not looked up again: they stay rejected", async () => {
    const rejects = await rejectIndex(stored({ place: "memory:2" }));
    const source = new MemorySide(rows(3));
    const { result } = await compare(source, new MemorySide(rows(3).toSpliced(1, 1, row(1, { name: "older" }))), { rejects });
    expect(result).toMatchObject({ equal: true, rejectedRows: 1, live: false });
  });

  test("explain an older target row that they left standing", async () => {
    const through = mapping({ columns: { size: { from: "name", as: "integer" } } });
    const source = new MemorySide([row(1, { name: "17" }), row(2, { name: "many" })]);
    const target = new MemorySide([row(1, { size: 17n }), row(2, { size: 5n })]);
    const { result } = await compare(source, target, { mapping: through });
    expect(result).toMatchObject({ equal: true, rejectedRows: 1 });
  });

  test("make no index where there are none", async () => {
    expect(await rejectIndex(stored())).toBeUndefined();
  });
});
