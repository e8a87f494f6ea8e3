import { expect, it } from "vitest";
import { compareKey } from "../../src/model/key.ts";
import { AUTO_INCREMENT, INF_MAX, INF_MIN, type KeyBound, type KeyValue } from "../../src/model/value.ts";
import { decodeRealKey } from "../../src/wire/plainbuffer/decode.ts";
import { decodeName } from "../../src/wire/plainbuffer/names.ts";
import { RowWalker } from "../../src/wire/plainbuffer/walk.ts";
import { keyBytes, keyColumns, valuesOf } from "./caller.ts";
import { describeEverywhere, type Endpoint } from "./endpoints.ts";

const twoKeys = [
  { name: "s", type: "string" },
  { name: "n", type: "integer" },
] as const;
const min: Record<string, KeyBound> = { s: INF_MIN, n: INF_MIN };
const max: Record<string, KeyBound> = { s: INF_MAX, n: INF_MAX };
const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });
const label = (key: readonly { readonly value: KeyValue }[]) => key.map(({ value }) => String(value)).join("");

describeEverywhere("GetRange", (open) => {
  /** Rows a0 a1 a2 b0 b1 b2 c0 c1 c2, written in another order. */
  const withRows = async (): Promise<Endpoint & { labels: typeof labels }> => {
    const endpoint = await open();
    await endpoint.caller.createTable("t", twoKeys);
    for (const s of ["c", "a", "b"]) for (const n of [2n, 0n, 1n]) await endpoint.caller.put("t", { s, n }, { v: n, w: s });
    const labels = async (
      start: Record<string, KeyBound>,
      end: Record<string, KeyBound>,
      options: Parameters<typeof endpoint.caller.range>[3] = {},
    ) => {
      const { rows, nextStart } = await endpoint.caller.range("t", start, end, options);
      return [...rows.map(({ key }) => label(key)), ...(nextStart === undefined ? [] : [`then ${label(decodeRealKey(nextStart))}`])].join(
        " ",
      );
    };
    return { ...endpoint, labels };
  };

  it("returns all rows between INF_MIN and INF_MAX in key order, forwards and backwards", async () => {
    const { labels } = await withRows();
    expect(await labels(min, max)).toBe("a0 a1 a2 b0 b1 b2 c0 c1 c2");
    expect(await labels(max, min, { direction: "backward" })).toBe("c2 c1 c0 b2 b1 b0 a2 a1 a0");
  });

  it("includes its start and excludes its end, in both directions", async () => {
    const { labels } = await withRows();
    expect(await labels({ s: "a", n: 1n }, { s: "b", n: 1n })).toBe("a1 a2 b0");
    expect(await labels({ s: "b", n: 1n }, { s: "a", n: 1n }, { direction: "backward" })).toBe("b1 b0 a2");
  });

  it("takes bounds that name no row, and INF in a later column as before or behind its whole group", async () => {
    const { labels } = await withRows();
    expect(await labels({ s: "aa", n: 7n }, { s: "bb", n: -7n })).toBe("b0 b1 b2");
    expect(await labels({ s: "b", n: INF_MIN }, { s: "b", n: INF_MAX })).toBe("b0 b1 b2");
    expect(await labels({ s: "a", n: INF_MAX }, { s: "c", n: INF_MIN })).toBe("b0 b1 b2");
    expect(await labels({ s: "b", n: INF_MAX }, { s: "b", n: INF_MIN }, { direction: "backward" })).toBe("b2 b1 b0");
  });

  it("stops at the limit and names the next row, which is absent at the end", async () => {
    const { labels } = await withRows();
    expect(await labels(min, max, { limit: 4 })).toBe("a0 a1 a2 b0 then b1");
    expect(await labels({ s: "b", n: 1n }, max, { limit: 5 })).toBe("b1 b2 c0 c1 c2");
    expect(await labels({ s: "b", n: 1n }, max, { limit: 4 })).toBe("b1 b2 c0 c1 then c2");
    expect(await labels(max, min, { limit: 2, direction: "backward" })).toBe("c2 c1 then c0");
    expect(await labels({ s: "x", n: 0n }, max)).toBe("");
  });

  it("walks a table page by page without gap or repetition", async () => {
    const { caller } = await withRows();
    const seen: string[] = [];
    let start: Record<string, KeyBound> = min;
    for (;;) {
      const { rows, nextStart } = await caller.range("t", start, max, { limit: 2 });
      seen.push(...rows.map(({ key }) => label(key)));
      if (nextStart === undefined) break;
      start = Object.fromEntries(decodeRealKey(nextStart).map(({ name, value }) => [name, value]));
    }
    expect(seen.join(" ")).toBe("a0 a1 a2 b0 b1 b2 c0 c1 c2");
  });

  it("orders integers by sign, text by UTF-8 bytes and binaries by unsigned bytes, prefixes first", async () => {
    const { caller } = await open();
    const values: Record<"integer" | "string" | "binary", KeyValue[]> = {
      integer: [5n, -1n, 0n, 2n ** 63n - 1n, -(2n ** 63n), 256n, 255n, -256n],
      string: ["b", "", "a", "aa", "a\0", "a\u0001", "é", "z", "😀", "\uffff", "Z"],
      binary: [[], [0], [0, 0], [0, 1], [1], [255], [127], [128], [1, 0], [1, 255]].map((bytes) => Uint8Array.from(bytes)),
    };
    for (const [type, list] of Object.entries(values)) {
      await caller.createTable(type, [{ name: "pk", type: type as "integer" }]);
      for (const pk of list) await caller.put(type, { pk }, {});
      const { rows } = await caller.range(type, { pk: INF_MIN }, { pk: INF_MAX });
      const expected = list.map((pk) => keyColumns({ pk })).sort(compareKey);
      expect(rows.map(({ key }) => key)).toEqual(expected);
    }
  });

  it("selects columns, and leaves out rows that have none of them", async () => {
    const { caller } = await withRows();
    await caller.put("t", { s: "b", n: 0n }, { other: 1n });
    const { rows } = await caller.range(
      "t",
      { s: "b", n: INF_MIN },
      { s: "c", n: INF_MIN },
      { selection: { maxVersions: 1, columns: ["w"] } },
    );
    expect(rows.map((row) => [label(row.key), valuesOf(row)])).toEqual([
      ["b1", { w: "b" }],
      ["b2", { w: "b" }],
    ]);
  });

  it("returns of a key only the columns to get when entire keys are not wanted: the Go SDK's ReturnSpecifiedPkOnly", async () => {
    const { caller } = await withRows();
    const fields = async (columns: readonly string[], entireKeys: boolean | undefined) => {
      const range = { start: keyBytes({ s: "a", n: 1n }), end: keyBytes({ s: "b", n: 1n }), direction: "forward" as const };
      const { rows } = await caller.call("GetRange", { tableName: "t", ...range, selection: { columns, maxVersions: 1 }, entireKeys });
      const walker = new RowWalker("cells").open(rows);
      const shown: string[] = [];
      const name = (field: number) => decodeName(walker.bytes, walker.view, walker.nameAt[field]!, walker.nameEnd[field]!);
      while (walker.next()) shown.push(Array.from({ length: walker.count }, (_, field) => name(field)).join(" "));
      return shown;
    };
    expect(await fields(["n", "w"], false)).toEqual(["n w", "n w", "n w"]);
    expect(await fields(["w"], false)).toEqual(["w", "w", "w"]);
    expect(await fields([], false)).toEqual(["s n v w", "s n v w", "s n v w"]);
    expect(await fields(["n", "w"], true)).toEqual(["s n w", "s n w", "s n w"]);
    expect(await fields(["n", "w"], undefined)).toEqual(["s n w", "s n w", "s n w"]);
  });

  it("leaves out rows the filter rejects, counts them as read, and may answer an empty page with a next one", async () => {
    const { caller, labels } = await withRows();
    const filter = { type: "column", name: "v", comparator: "equal", value: 2n, filterIfMissing: true, latestVersionOnly: true } as const;
    const selection = { maxVersions: 1, filter };
    expect(await labels(min, max, { selection })).toBe("a2 b2 c2");
    expect(await labels(min, max, { selection, limit: 2 })).toBe("then a2");
    expect((await caller.range("t", min, max, { selection })).consumed).toEqual({ read: 1, write: 0 });
  });

  it("reads 5,000 rows at most, and 4 MB", async () => {
    const { caller } = await open();
    await caller.createTable("t", [{ name: "n", type: "integer" }]);
    await caller.createTable("wide", [{ name: "n", type: "integer" }]);
    for (let from = 0; from < 5200; from += 200) {
      await caller.writeBatch(
        "t",
        Array.from({ length: 200 }, (_, i) => ({ key: { n: BigInt(from + i) }, cells: { v: true } })),
      );
    }
    const first = await caller.range("t", { n: INF_MIN }, { n: INF_MAX });
    expect([first.rows.length, decodeRealKey(first.nextStart!)[0]!.value]).toEqual([5000, 5000n]);
    const large = "x".repeat(1024 * 1024);
    for (let n = 0n; n < 6n; n++) await caller.put("wide", { n }, { v: large });
    const page = await caller.range("wide", { n: INF_MIN }, { n: INF_MAX });
    expect([page.rows.length, decodeRealKey(page.nextStart!)[0]!.value, page.consumed.read]).toEqual([4, 4n, 1025]);
  });

  it("hides rows that have expired without counting them", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", [{ name: "n", type: "integer" }], { timeToLive: 86_400 });
    for (let n = 0n; n < 4n; n++) {
      if (n === 2n) await clock.advance(86_400_000);
      await caller.put("t", { n }, { v: n });
    }
    await clock.advance(1);
    const { rows, nextStart } = await caller.range("t", { n: INF_MIN }, { n: INF_MAX }, { limit: 1 });
    expect([rows.map(({ key }) => label(key)), label(decodeRealKey(nextStart!))]).toEqual([["2"], "3"]);
  });

  it("sees every row whose write was acknowledged", async () => {
    const { caller } = await open();
    await caller.createTable("t", [{ name: "n", type: "integer" }]);
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await caller.put("t", { n: BigInt(i) }, {});
        const { rows } = await caller.range("t", { n: BigInt(i) }, { n: BigInt(i + 1) });
        expect(rows).toHaveLength(1);
      }),
    );
  });

  it("refuses ranges that go nowhere, and bounds that do not fit the table", async () => {
    const { caller } = await open();
    await caller.createTable("t", twoKeys);
    const refused = (
      start: Record<string, KeyBound>,
      end: Record<string, KeyBound>,
      direction: "forward" | "backward" = "forward",
      limit?: number,
    ) =>
      caller.refusal("GetRange", {
        tableName: "t",
        direction,
        limit,
        selection: { maxVersions: 1 },
        start: keyBytes(start),
        end: keyBytes(end),
      });
    expect(await refused(max, min)).toEqual(invalid("Begin key must less than end key in FORWARD"));
    expect(await refused({ s: "a", n: 1n }, { s: "a", n: 1n })).toEqual(invalid("Begin key must less than end key in FORWARD"));
    expect(await refused(min, max, "backward")).toEqual(invalid("Begin key must more than end key in BACKWARD"));
    expect(await refused(min, max, "forward", 0)).toEqual(invalid("The limit must be greater than 0."));
    expect(await refused({ s: INF_MIN }, max)).toMatchObject({ code: "OTSInvalidPK" });
    expect(await refused({ s: 1n, n: 1n }, max)).toEqual({
      status: 400,
      code: "OTSInvalidPK",
      text: "Validate PK type fail. Input: VT_INTEGER, Meta: VT_STRING.",
    });
    expect(await refused({ s: "a", n: AUTO_INCREMENT as never }, max)).toMatchObject({ code: "OTSParameterInvalid" });
    expect(await refused({ s: "x".repeat(1025), n: 0n }, max)).toEqual(
      invalid("The length of primary key column: 's' exceeds the MaxLength:1024 with CurrentLength:1025."),
    );
  });
});
