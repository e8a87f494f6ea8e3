import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileSource } from "../../../src/connector/file/file-source.ts";
import { tableSource } from "../../../src/connector/table-store/table-source.ts";
import { fileEndpoint } from "../../../src/job/endpoint-spec.ts";
import { runVerification } from "../../../src/verify/verification.ts";
import type { Source } from "../../../src/connector/connector.ts";
import { testStore } from "../connector/table-support.ts";
import { inputOf, keyed, mapping, temporaryFolder, type Comparison } from "./support/compare.ts";
import { MemorySide } from "./support/memory-side.ts";

const store = testStore();
const cityKey = [{ name: "zip", type: "string" }] as const;

function verify(source: Source, target: Source, given: Comparison = {}) {
  const { input } = inputOf(new MemorySide([]), new MemorySide([]), given);
  return runVerification({ ...input, source, target });
}

const city = (i: number, columns = {}) =>
  keyed({ zip: String(10_000 + i) }, { city: `City ${i % 17}`, lat: i / 3, people: BigInt(i * 11), ...columns });
const cities = (count: number) => Array.from({ length: count }, (_, i) => city(i));

describe("two tables of a Table Store", () => {
  test("are compared from their encoded rows, and a single cell that differs is named", async () => {
    const [left, right] = [await store.createTable(cityKey), await store.createTable(cityKey)];
    await store.put(left, cities(700));
    await store.put(right, cities(700));
    const equal = await verify(tableSource(store.client, left, { pageRows: 90 }), tableSource(store.client, right, { pageRows: 37 }));
    expect(equal).toMatchObject({ equal: true, sourceRows: 700, targetRows: 700, live: false });
    await store.put(right, [city(321, { lat: -0 })]);
    const different = await verify(tableSource(store.client, left), tableSource(store.client, right));
    expect(different.differences).toEqual([
      { kind: "different", key: "zip=10321", columns: [{ name: "lat", source: "107.0", target: "-0.0", why: "value differs" }] },
    ]);
    expect(different.sourceDigest).toBe(equal.sourceDigest);
  });

  test("give the same digest as the same rows in memory", async () => {
    const table = await store.createTable(cityKey);
    await store.put(table, cities(100));
    const result = await verify(tableSource(store.client, table), new MemorySide(cities(100), { key: cityKey }));
    expect(result.targetDigest).toBe(result.sourceDigest);
  });

  test("are compared by key range, filter and both", async () => {
    const [left, right] = [await store.createTable(cityKey), await store.createTable(cityKey)];
    await store.put(left, cities(300));
    await store.put(right, cities(200));
    const scope = {
      versions: "latest",
      range: { from: ["10050"], to: ["10150"] },
      filter: { type: "column", name: "people", comparator: "less", value: 1100n, filterIfMissing: true, latestVersionOnly: true },
    } as const;
    const result = await verify(tableSource(store.client, left), tableSource(store.client, right), { scope });
    expect(result).toMatchObject({ equal: true, sourceRows: 50, targetRows: 50, coverage: { kind: "part" } });
  });
});

describe("a file and a table", () => {
  test("are compared through a typed mapping, and both ends of a difference are named", async () => {
    const path = join(temporaryFolder(), "cities.csv");
    writeFileSync(
      path,
      [
        "zip,city,lat",
        ...cities(400).map(({ columns }, i) => `${10_000 + i},${String(columns[0]!.value)},${i / 3}`),
        "10007,twice,1",
        "",
      ].join("\n"),
    );
    const through = mapping(
      { key: { zip: "zip" }, columns: { city: "city", lat: { from: "lat", as: "double" } }, rest: "drop", injective: true },
      cityKey,
      [],
    );
    const table = await store.createTable(cityKey);
    await store.put(table, [
      ...cities(400).map(({ key, columns }) => ({ key, columns: columns.slice(0, 2) })),
      keyed({ zip: "99999" }, { city: "extra" }),
    ]);
    const source = fileSource(fileEndpoint.parse({ type: "file", path: "cities.csv" }), join(path, ".."));
    const result = await verify(source, tableSource(store.client, table), { mapping: through });
    expect(result).toMatchObject({ equal: false, sourceRows: 401, targetRows: 401, differenceCount: 2 });
    expect(result.differences.map(({ kind, key }) => `${kind} ${key}`).sort()).toEqual(["duplicate zip=10007", "extra zip=99999"]);
    const duplicate = result.differences.find(({ kind }) => kind === "duplicate")!;
    expect(duplicate.columns.map(({ source: place }) => place)).toEqual([
      expect.stringMatching(/cities\.csv:402$/),
      expect.stringMatching(/cities\.csv:9$/),
    ]);
  });
});
