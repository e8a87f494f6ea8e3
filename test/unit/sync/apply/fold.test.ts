import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SourceChange } from "../../../../src/connector/change.ts";
import type { UpdateCell } from "../../../../src/model/row.ts";
import { fold } from "../../../../src/sync/apply/fold.ts";

/** A row as a table keeps it: versions by column, newest first. Undefined: no row. */
type Row = ReadonlyMap<string, readonly (readonly [timestamp: number, value: string])[]> | undefined;

/** The meaning of one change to a table of so many versions (reference 7.2, 7.4). */
function applied(row: Row, { type, cells }: Pick<SourceChange, "type" | "cells">, maxVersions: number): Row {
  if (type === "delete") return undefined;
  if (type === "update" && row === undefined && cells.every(({ op }) => op !== "put")) return undefined;
  const columns = new Map(type === "put" ? [] : row);
  for (const cell of cells) {
    const versions = columns.get(cell.name) ?? [];
    const others = cell.op === "deleteAll" ? [] : versions.filter(([timestamp]) => !("timestamp" in cell) || timestamp !== cell.timestamp);
    const added = cell.op === "put" ? [...others, [cell.timestamp!, String(cell.value)] as const] : others;
    const kept = added.toSorted(([a], [b]) => b - a).slice(0, maxVersions);
    if (kept.length === 0) columns.delete(cell.name);
    else columns.set(cell.name, kept);
  }
  return columns;
}

const textOf = (row: Row) => (row === undefined ? "none" : JSON.stringify([...row].sort()));
/** What a target without the source's timestamps can be compared by. */
const latestOf = (row: Row): Row => row && new Map([...row].map(([name, [newest]]) => [name, [[0, newest![1]] as const]]));

const key = [{ name: "k", value: "x" }];
const name = fc.constantFrom("a", "b");
const value = fc.string({ maxLength: 2 });

/** Changes of one key; a version is its commit's, or with `ages` one of its writer's. */
function history(ages: fc.Arbitrary<number>, deletions: readonly ("deleteAll" | "deleteOne")[]): fc.Arbitrary<SourceChange[]> {
  const cell = fc.record({ name, value, age: ages, op: fc.constantFrom("put" as const, "put" as const, ...deletions) });
  const cells = fc.uniqueArray(cell, { maxLength: 3, minLength: 1, selector: (one) => one.name });
  const change = fc.record({ type: fc.constantFrom("put" as const, "update" as const, "update" as const, "delete" as const), cells });
  return fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) =>
    changes.map(({ type, cells: drawn }, at): SourceChange => {
      const now = 1_000_000 + at * 10;
      const told = drawn.map((one): UpdateCell => {
        if (one.op === "put" || type === "put") return { op: "put", name: one.name, value: one.value, timestamp: now - one.age };
        return one.op === "deleteAll" ? { op: "deleteAll", name: one.name } : { op: "deleteOne", name: one.name, timestamp: now - one.age };
      });
      return { type, key, cells: type === "delete" ? [] : told, committedAt: now * 1000 };
    }),
  );
}

const before: fc.Arbitrary<Row> = fc.option(
  fc
    .dictionary(name, fc.uniqueArray(fc.integer({ min: 999_900, max: 999_999 }), { minLength: 1, maxLength: 3 }))
    .map(
      (columns): Row =>
        new Map(
          Object.entries(columns).map(([one, stamps]) => [one, stamps.toSorted((a, b) => b - a).map((at) => [at, `v${at}`] as const)]),
        ),
    ),
  { nil: undefined },
);
const trimmed = (row: Row, maxVersions: number): Row =>
  row && new Map([...row].map(([one, versions]) => [one, versions.slice(0, maxVersions)]));
const all = (row: Row, changes: readonly SourceChange[], maxVersions: number) =>
  changes.reduce((now, change) => applied(now, change, maxVersions), row);

describe("changes of one key, folded", () => {
  test("come to the same as one by one, with timestamps in any order (keep)", () => {
    let sure = 0;
    fc.assert(
      fc.property(
        history(fc.integer({ min: 0, max: 60 }), ["deleteAll"]),
        before,
        fc.integer({ min: 1, max: 3 }),
        (changes, row, versions) => {
          const [one] = fold(changes, "keep");
          if (one!.unsure) return;
          sure++;
          const start = trimmed(row, versions);
          expect(textOf(applied(start, one!.change, versions))).toBe(textOf(all(start, changes, versions)));
        },
      ),
      { numRuns: 2000 },
    );
    expect(sure).toBeGreaterThan(1000);
  });

  test("give the same latest values as one by one (latest)", () => {
    let sure = 0;
    fc.assert(
      fc.property(
        history(fc.constantFrom(0, 0, 0, 500), ["deleteAll"]),
        before,
        fc.integer({ min: 1, max: 3 }),
        (changes, row, versions) => {
          const [one] = fold(changes, "latest");
          if (one!.unsure) return;
          sure++;
          const start = trimmed(row, versions);
          // The target's own time is the version of all that is written to it.
          const stamped = {
            ...one!.change,
            cells: one!.change.cells.map((cell): UpdateCell => (cell.op === "put" ? { ...cell, timestamp: 1 } : cell)),
          };
          expect(textOf(latestOf(applied(latestOf(start), stamped, 1)))).toBe(textOf(latestOf(all(start, changes, versions))));
        },
      ),
      { numRuns: 2000 },
    );
    expect(sure).toBeGreaterThan(800);
  });

  test("are unsure where a version was deleted and nothing has replaced the row since", () => {
    fc.assert(
      fc.property(
        history(fc.constant(0), ["deleteAll", "deleteOne"]),
        fc.constantFrom("latest" as const, "keep" as const),
        (changes, versions) => {
          const reset = changes.findLastIndex(({ type }) => type !== "update");
          const deletes = changes.slice(Math.max(0, reset)).some(({ cells }) => cells.some(({ op }) => op === "deleteOne"));
          if (deletes) expect(fold(changes, versions)[0]!.unsure).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("folding", () => {
  const put = (cell: string, of: string, timestamp?: number): UpdateCell => ({ op: "put", name: cell, value: of, timestamp });
  const update = (...cells: UpdateCell[]): SourceChange => ({ type: "update", key, cells });
  const one = (changes: readonly SourceChange[], versions: "latest" | "keep" = "latest") => fold(changes, versions)[0]!;

  test("keeps the order in which keys occur first, and all changes of each", () => {
    const changes = ["b", "a", "b", "c", "a"].map((id, at): SourceChange => ({
      type: "update",
      key: [{ name: "k", value: id }],
      cells: [put("n", String(at))],
    }));
    const folded = fold(changes, "latest");
    expect(folded.map(({ id }) => id)).toEqual(["b", "a", "c"]);
    expect(folded.map((of) => of.changes.map((change) => changes.indexOf(change)))).toEqual([[0, 2], [1, 4], [3]]);
  });

  test("hands a single change on as it is", () => {
    const change = update(put("a", "1", 5), put("b", "2", 5));
    expect(one([change]).change).toBe(change);
  });

  test("makes of a delete and an update the new row, and leaves it deleted where the update only deletes", () => {
    const gone: SourceChange = { type: "delete", key, cells: [] };
    expect(one([gone, update(put("a", "1"))]).change).toMatchObject({ type: "put", cells: [put("a", "1")] });
    expect(one([gone, update({ op: "deleteAll", name: "a" })]).change).toMatchObject({ type: "delete", cells: [] });
  });

  test("keeps the first old image: it is that of the row before all of them", () => {
    const origin = [{ name: "a", value: "old" }];
    const folded = one([
      { ...update(put("a", "1")), origin },
      { ...update(put("a", "2")), origin: [{ name: "a", value: "1" }] },
    ]);
    expect(folded.change.origin).toBe(origin);
  });

  test("is unsure of operations on one column in one record, whose order is not known", () => {
    expect(one([update(put("a", "1"), { op: "deleteAll", name: "a" })]).unsure).toBe(true);
    expect(one([update({ op: "deleteAll", name: "a" }, put("b", "1"), put("a", "1"))], "keep").unsure).toBe(true);
    expect(one([update({ op: "deleteAll", name: "a" }, put("b", "1"))], "keep").unsure).toBe(false);
  });

  test("is unsure of an update with its writer's own timestamps where they are not kept", () => {
    const stamped = (timestamp: number): SourceChange => ({ ...update(put("a", "1", timestamp)), committedAt: 5_000_000 });
    expect([5000, 4950, 4000, 9000].map((timestamp) => one([stamped(timestamp)]).unsure)).toEqual([false, false, true, true]);
    expect(one([stamped(4000)], "keep").unsure).toBe(false);
    expect(one([{ ...stamped(4000), type: "put" }]).unsure).toBe(false);
  });

  test("gives a column one version where timestamps are not kept, the newest", () => {
    const change: SourceChange = { type: "put", key, cells: [put("a", "new", 7), put("a", "old", 5), put("b", "1", 6)] };
    expect(one([change]).change.cells).toEqual([put("a", "new", 7), put("b", "1", 6)]);
  });

  test("takes time linear in the changes of one key", () => {
    const many = Array.from({ length: 20_000 }, (_, at) => update(put("a", String(at), at)));
    expect(one(many, "keep").change.cells.length).toBe(20_000);
  });
});
