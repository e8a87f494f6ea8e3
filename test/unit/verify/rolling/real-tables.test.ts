import { describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/base/clock.ts";
import { tableSource } from "../../../../src/connector/table-store/table-source.ts";
import { runRolling } from "../../../../src/verify/rolling/rolling.ts";
import type { RollingInput } from "../../../../src/verify/rolling/rolling-input.ts";
import { testStore } from "../../connector/table-support.ts";
import { keyed, mapping } from "../support/compare.ts";
import { LiveSync } from "./support/live-sync.ts";

const store = testStore();
const cityKey = [{ name: "zip", type: "string" }] as const;
const codeKey = [{ name: "code", type: "string" }] as const;

const city = (i: number, columns = {}) =>
  keyed({ zip: String(10_000 + i) }, { city: `City ${i % 17}`, people: BigInt(i * 11), ...columns });
const cities = (count: number) => Array.from({ length: count }, (_, i) => city(i));
const stretches = { rows: 100, suspects: 20, ms: 15_000 };

async function round(source: string, target: string, given: Partial<RollingInput> = {}) {
  const sync = new LiveSync();
  const sides = {
    source: tableSource(store.client, source, { pageRows: 90 }),
    target: tableSource(store.client, target, { pageRows: 37 }),
  };
  return sync.drive(runRolling(sync.input({ state: sync.state, ...sides, ...given }), stretches));
}

describe("two tables of a Table Store", () => {
  test("are read next to each other, page by page, and what differs is found wherever it stands", async () => {
    const [left, right] = [await store.createTable(cityKey), await store.createTable(cityKey)];
    await store.put(left, [...cities(700), city(900)]);
    await store.put(right, [...cities(700).toSpliced(699, 1), city(800)]);
    await store.put(right, [city(0, { people: 0 }), city(321, { city: "elsewhere" })]);
    const report = await round(left, right);
    expect(report).toMatchObject({ way: "ordered", rowsCompared: 702, suspected: 5, differing: 5 });
    expect(report.differences.map(({ kind, key }) => [kind, key])).toEqual([
      ["different", "zip=10000"],
      ["different", "zip=10321"],
      ["missing", "zip=10699"],
      ["extra", "zip=10800"],
      ["missing", "zip=10900"],
    ]);
  });

  test("with all versions are told apart by a timestamp", async () => {
    const [left, right] = [await store.createTable(cityKey), await store.createTable(cityKey)];
    // Within what a table takes: a day to either side of the time that it is.
    const now = systemClock.now();
    const stamped = (at: number) => ({ ...city(1), columns: city(1).columns.map((one) => ({ ...one, timestamp: at })) });
    const keep = { scope: { versions: "keep" } } as const;
    await store.put(left, [stamped(now)]);
    await store.put(right, [stamped(now)]);
    expect(await round(left, right, keep)).toMatchObject({ suspected: 0 });
    await store.put(right, [stamped(now - 1)]);
    expect(await round(left, right, keep)).toMatchObject({ differing: 1, differences: [{ kind: "different" }] });
    expect(await round(left, right)).toMatchObject({ suspected: 0 });
  });

  test("are compared in a part, through a mapping that gives the key another name", async () => {
    const [left, right] = [await store.createTable(cityKey), await store.createTable(codeKey)];
    await store.put(left, cities(300));
    await store.put(
      right,
      cities(300).map(({ key, columns }) => ({ key: [{ name: "code", value: key[0]!.value }], columns })),
    );
    const renamed = mapping({ key: { code: "zip" } }, codeKey, cityKey);
    const scope = { versions: "latest", range: { from: ["10050"], to: ["10150"] } } as const;
    const report = await round(left, right, { mapping: renamed, scope });
    expect(report).toMatchObject({ way: "ordered", rowsCompared: 100, suspected: 0, coverage: { kind: "part" } });
  });
});
