import { expect, test } from "vitest";
import { deathOf, noDeaths, withNews } from "../../../../src/sync/two-way/deaths.ts";

const nothing = { columns: [], written: [] };
const rowGone = withNews(noDeaths, { ...nothing, row: { time: 1000, commit: 10 } });

test("a deletion of the row is one of each column", () => {
  expect(deathOf(rowGone, "a")).toEqual({ time: 1000, commit: 10 });
});

test("what was written behind a deletion within its millisecond outlives it, and no other column does", () => {
  const deaths = withNews(rowGone, { ...nothing, written: [{ column: "a", time: 1000, commit: 11 }] });
  expect(deathOf(deaths, "a")!.time).toBe(999);
  expect(deathOf(deaths, "b")!.time).toBe(1000);
});

test("what was written before a deletion does not come back when it is told again", () => {
  expect(withNews(rowGone, { ...nothing, written: [{ column: "a", time: 1000, commit: 9 }] })).toEqual(rowGone);
});

test("a newer deletion of the row takes the place of those of its columns", () => {
  const column = withNews(rowGone, { ...nothing, columns: [{ column: "a", time: 1500, commit: 15 }] });
  expect(deathOf(column, "a")!.time).toBe(1500);
  expect(deathOf(withNews(column, { ...nothing, row: { time: 2000, commit: 20 } }), "a")!.time).toBe(2000);
});

test("an older one changes nothing", () => {
  expect(withNews(rowGone, { ...nothing, row: { time: 900, commit: 9 } })).toEqual(rowGone);
});

test("columns may have any name", () => {
  expect(deathOf(noDeaths, "__proto__")).toBeUndefined();
});
