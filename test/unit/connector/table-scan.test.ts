import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ScanScope } from "../../../src/connector/connector.ts";
import { cutRange } from "../../../src/connector/table-store/table-splits.ts";
import { fullKeyOf, fullRange } from "../../../src/connector/table-store/key-bounds.ts";
import { tableSource } from "../../../src/connector/table-store/table-source.ts";
import type { TableSpan } from "../../../src/connector/table-store/table-scan.ts";
import type { FlowRow } from "../../../src/job/mapping.ts";
import { compareKey } from "../../../src/model/key.ts";
import { INF_MAX, INF_MIN, type KeyBound } from "../../../src/model/value.ts";
import { everything, rowsOf } from "./support.ts";
import { testStore } from "./table-support.ts";

const store = testStore();
const key = [
  { name: "k", type: "string" },
  { name: "n", type: "integer" },
] as const;
const rowOf = (k: string, n: number, size = 0): FlowRow => ({
  key: [
    { name: "k", value: k },
    { name: "n", value: BigInt(n) },
  ],
  columns: size === 0 ? [] : [{ name: "a", value: new Uint8Array(size) }],
});

const anyKey = fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 9 })).map(([k, n]) => [
  { name: "k", value: k },
  { name: "n", value: BigInt(n) },
]);
const anyBound = fc
  .array(fc.oneof(fc.constantFrom("a", "b", "c", "d")), { maxLength: 1 })
  .chain((head) =>
    head.length === 0
      ? fc.constant<KeyBound[]>([])
      : fc
          .option(fc.integer({ min: 0, max: 9 }), { nil: undefined })
          .map((n): KeyBound[] => (n === undefined ? head : [...head, BigInt(n)])),
  );

const keyAt = (base64: string) => fullKeyOf(Buffer.from(base64, "base64"), key);

describe("splits of a range", () => {
  test("follow each other without gap or overlap from its start to its end, and are no more than wanted", () => {
    fc.assert(
      fc.property(
        fc.array(anyKey, { maxLength: 12 }),
        fc.option(anyBound, { nil: undefined }),
        fc.option(anyBound, { nil: undefined }),
        fc.integer({ min: 1, max: 6 }),
        (points, from, to, wanted) => {
          const range = fullRange({ from, to }, key);
          const sorted = points.toSorted(compareKey).filter((point, at, all) => at === 0 || compareKey(all[at - 1]!, point) !== 0);
          const splits = cutRange(range, { points: sorted, pieceBytes: 1 }, wanted);
          if (compareKey(range.start, range.end) >= 0) {
            expect(splits).toEqual([]);
            return;
          }
          const inside = sorted.filter((point) => compareKey(range.start, point) < 0 && compareKey(point, range.end) < 0);
          expect(splits.length).toBe(Math.min(wanted, inside.length + 1));
          const spans = splits.map(({ spec }) => spec as TableSpan).map(({ start, end }) => [keyAt(start), keyAt(end)] as const);
          expect(compareKey(spans[0]![0], range.start)).toBe(0);
          expect(compareKey(spans.at(-1)![1], range.end)).toBe(0);
          for (let at = 1; at < spans.length; at++) expect(compareKey(spans[at - 1]![1], spans[at]![0])).toBe(0);
          for (const [start, end] of spans) expect(compareKey(start, end)).toBeLessThan(0);
        },
      ),
    );
  });

  test("are about as many as wanted where the table is large enough, and hold every row once", async () => {
    const table = await store.createTable(key);
    const rows = Array.from({ length: 120 }, (_, at) => rowOf(`k${String(at).padStart(3, "0")}`, at, 100_000));
    for (let at = 0; at < rows.length; at += 30) await store.put(table, rows.slice(at, at + 30));
    const source = tableSource(store.client, table);
    const splits = await source.split(4, everything);
    expect(splits.length).toBe(4);
    const found = await rowsOf(source, everything, 4);
    expect(found.map((row) => row.key[1]!.value)).toEqual(rows.map((row) => row.key[1]!.value));
  });
});

describe("a part of a table", () => {
  test.each<[string, ScanScope["range"], number[]]>([
    ["from a key on", { from: ["b"] }, [3, 4, 5]],
    ["up to a key, which is not in it", { to: ["b"] }, [0, 1, 2]],
    ["from within one partition key", { from: ["a", 1n], to: ["b", 1n] }, [1, 2, 3]],
    ["nothing where the bounds cross", { from: ["c"], to: ["b"] }, []],
    ["up to the very end", { from: ["b", 1n], to: [INF_MAX] }, [4, 5]],
    ["from the very beginning", { from: [INF_MIN], to: ["a", 1n] }, [0]],
  ])("is read %s", async (_, range, expected) => {
    const table = await store.createTable(key);
    const rows = ["a", "a", "a", "b", "b", "b"].map((k, at) => rowOf(k, at % 3));
    await store.put(table, rows);
    const found = await rowsOf(tableSource(store.client, table), { versions: "latest", range }, 3);
    expect(found.map((row) => rows.findIndex((other) => compareKey(other.key, row.key) === 0))).toEqual(expected);
  });

  test.each<[string, KeyBound[]]>([
    ["a value of another type", ["a", "b"]],
    ["more values than key columns", ["a", 1n, 2n]],
    ["a number where text is due", [1n]],
  ])("cannot be bounded by %s", async (_, from) => {
    const source = tableSource(store.client, await store.createTable(key));
    await expect(source.split(1, { versions: "latest", range: { from } })).rejects.toMatchObject({ code: "TF_SPEC_INVALID" });
  });
});

describe("reading ahead", () => {
  test("asks for one page more than was taken, never for two", async () => {
    const table = await store.createTable(key);
    await store.put(
      table,
      Array.from({ length: 100 }, (_, at) => rowOf("k", at)),
    );
    let asked = 0;
    const client = store.clientThrough((inner) => (request, signal) => {
      if (request.path === "/GetRange") asked++;
      return inner(request, signal);
    });
    const source = tableSource(client, table, { pageRows: 10 });
    const [split] = await source.split(1, everything);
    let taken = 0;
    for await (const _ of source.scan(split!, undefined, everything)) {
      taken++;
      await new Promise((resolve) => setImmediate(resolve));
      expect(asked).toBe(Math.min(taken + 1, 10));
    }
    expect(taken).toBe(10);
  });

  test("keeps pages to some 2 MB once rows are known to be large", async () => {
    const table = await store.createTable(key);
    for (let from = 0; from < 150; from += 30) {
      await store.put(
        table,
        Array.from({ length: 30 }, (_, at) => rowOf("k", from + at, 100_000)),
      );
    }
    const source = tableSource(store.client, table);
    const sizes: number[] = [];
    for await (const batch of source.scan((await source.split(1, everything))[0]!, undefined, everything)) sizes.push(batch.bytes);
    expect(Math.max(...sizes.slice(1))).toBeLessThan(2_300_000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(15_000_000);
  });

  test("is ended with the scan, and its failure is nobody's then", async () => {
    const table = await store.createTable(key);
    await store.put(
      table,
      Array.from({ length: 30 }, (_, at) => rowOf("k", at)),
    );
    let aborted: unknown;
    const client = store.clientThrough((inner) => async (request, signal) => {
      signal?.addEventListener("abort", () => (aborted = signal.reason));
      return inner(request, signal);
    });
    const source = tableSource(client, table, { pageRows: 10 });
    for await (const _ of source.scan((await source.split(1, everything))[0]!, undefined, everything)) break;
    expect(aborted).toMatchObject({ message: "the scan ended" });
  });
});

describe("a table described", () => {
  test("counts its rows while they are few", async () => {
    const table = await store.createTable(key);
    await store.put(
      table,
      Array.from({ length: 42 }, (_, at) => rowOf("k", at)),
    );
    expect(await tableSource(store.client, table).describe()).toMatchObject({
      exists: true,
      estimatedRows: 42,
      key,
      uniqueKeys: true,
      open: true,
    });
  });

  test("estimates them when they are many", async () => {
    const table = await store.createTable(key);
    for (let from = 0; from < 4000; from += 1000)
      await store.put(
        table,
        Array.from({ length: 1000 }, (_, at) => rowOf("k", from + at, 2000)),
      );
    const { estimatedRows } = await tableSource(store.client, table).describe();
    expect(estimatedRows).toBeGreaterThan(2500);
    expect(estimatedRows).toBeLessThan(6000);
  });

  test("is not read further for its size than some megabytes, nor for a sample that nothing passes", async () => {
    const table = await store.createTable(key);
    for (let from = 0; from < 30; from += 10) {
      await store.put(
        table,
        Array.from({ length: 10 }, (_, at) => rowOf("k", from + at, 400_000)),
      );
    }
    let bytes = 0;
    const client = store.clientThrough((inner) => async (request, signal) => {
      const response = await inner(request, signal);
      bytes += response.body.length;
      return response;
    });
    expect(await tableSource(client, table).describe()).toMatchObject({ exists: true });
    expect((await tableSource(client, table).sample(30, everything)).length).toBeLessThan(15);
    expect(bytes).toBeLessThan(12_000_000);
    const nothing = {
      type: "column",
      name: "none",
      comparator: "equal",
      value: 1n,
      filterIfMissing: true,
      latestVersionOnly: true,
    } as const;
    expect(await tableSource(client, table).sample(1, { versions: "latest", filter: nothing })).toEqual([]);
  });

  test("that is not there has no incarnation, and cannot be read", async () => {
    const source = tableSource(store.client, "nowhere");
    expect(await source.describe()).toMatchObject({ exists: false, incarnation: "" });
    await expect(source.split(1, everything)).rejects.toMatchObject({ code: "TF_SOURCE_MISSING" });
  });

  test("is another one when it was deleted and made again", async () => {
    const table = await store.createTable(key);
    const source = tableSource(store.client, table);
    const before = await source.describe();
    const { meta } = await store.client.describeTable(table);
    await store.client.deleteTable(table);
    await store.client.createTable({
      meta,
      reserved: { read: 0, write: 0 },
      options: { timeToLive: -1, maxVersions: 1 },
      partitions: [],
      indexes: [],
    });
    expect((await source.describe()).incarnation).not.toBe(before.incarnation);
  });
});
