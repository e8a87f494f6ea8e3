import { expect, it } from "vitest";
import type { CellSelection, Filter } from "../../src/model/condition.ts";
import { AUTO_INCREMENT, INF_MAX } from "../../src/model/value.ts";
import { cellsOf, keyBytes, valuesOf } from "./caller.ts";
import { describeEverywhere, type Endpoint } from "./endpoints.ts";

const oneKey = [{ name: "pk", type: "string" }] as const;
const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });
const column = (
  name: string,
  comparator: Extract<Filter, { type: "column" }>["comparator"],
  value: bigint | string | number,
  rest = {},
): Filter => ({ type: "column", name, comparator, value, filterIfMissing: true, latestVersionOnly: true, ...rest });

describeEverywhere("GetRow", (open) => {
  const withRow = async (): Promise<Endpoint & { now: number; read(selection: CellSelection): Promise<string[] | undefined> }> => {
    const endpoint = await open();
    const now = endpoint.clock.now();
    await endpoint.caller.createTable("t", oneKey, { maxVersions: 3 });
    const cells = ["a", "b", "c", "d"].flatMap((name) => [0, 1, 2].map((age) => ({ name, value: BigInt(age), timestamp: now - age })));
    await endpoint.caller.put("t", { pk: "k" }, cells);
    const read = async (selection: CellSelection) =>
      cellsOf(await endpoint.caller.get("t", { pk: "k" }, selection))?.map((cell) =>
        cell.replace(/@(\d+)=.*/, (_, version: string) => `${now - Number(version)}`),
      );
    return { ...endpoint, now, read };
  };

  it("answers no bytes for a row that is not there, at the cost of one read", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const reply = await caller.call("GetRow", { tableName: "t", key: keyBytes({ pk: "x" }), selection: { maxVersions: 1 } });
    expect([reply.row.length, reply.consumed]).toEqual([0, { read: 1, write: 0 }]);
  });

  it("returns the newest versions, as many as asked for and as the table has", async () => {
    const { read } = await withRow();
    expect(await read({ maxVersions: 1 })).toEqual(["a0", "b0", "c0", "d0"]);
    expect(await read({ maxVersions: 2, columns: ["b"] })).toEqual(["b0", "b1"]);
    expect(await read({ maxVersions: 100, columns: ["b"] })).toEqual(["b0", "b1", "b2"]);
  });

  it("returns the versions of a time range, its start included and its end not", async () => {
    const { read, now } = await withRow();
    const range = (start: number, end: number) => ({ start: now + start, end: now + end });
    expect(await read({ timeRange: range(-1, 0), columns: ["a"] })).toEqual(["a1"]);
    expect(await read({ timeRange: range(-2, 1), columns: ["a"] })).toEqual(["a0", "a1", "a2"]);
    expect(await read({ timeRange: range(-2, 0), maxVersions: 1, columns: ["a"] })).toEqual(["a1"]);
    expect(await read({ specificTime: now - 2, columns: ["a", "d"] })).toEqual(["a2", "d2"]);
  });

  it("returns the columns named, each once, and the whole key always", async () => {
    const { read, caller } = await withRow();
    expect(await read({ maxVersions: 1, columns: ["c", "a", "c", "nope"] })).toEqual(["a0", "c0"]);
    expect((await caller.get("t", { pk: "k" }, { maxVersions: 1, columns: ["a"] }))!.key).toEqual([{ name: "pk", value: "k" }]);
  });

  it("answers no row when it has none of the columns named, and its key when a key column is named", async () => {
    const { caller } = await withRow();
    expect(await caller.get("t", { pk: "k" }, { maxVersions: 1, columns: ["nope"] })).toBeUndefined();
    expect(await caller.get("t", { pk: "k" }, { maxVersions: 1, columns: ["pk"] })).toEqual({
      key: [{ name: "pk", value: "k" }],
      cells: [],
    });
  });

  it("returns columns from the start column up to, but not with, the end column", async () => {
    const { read } = await withRow();
    expect(await read({ maxVersions: 1, startColumn: "b", endColumn: "d" })).toEqual(["b0", "c0"]);
    expect(await read({ maxVersions: 1, startColumn: "bb" })).toEqual(["c0", "d0"]);
    expect(await read({ maxVersions: 1, endColumn: "b" })).toEqual(["a0"]);
  });

  it("returns the page of columns a filter cuts out, with all their versions", async () => {
    const { read } = await withRow();
    expect(await read({ maxVersions: 2, filter: { type: "page", offset: 1, limit: 2 } })).toEqual(["b0", "b1", "c0", "c1"]);
    expect(await read({ maxVersions: 1, filter: { type: "page", offset: 9, limit: 2 } })).toEqual([]);
    const page: Filter = { type: "and", filters: [column("a", "equal", 0n), { type: "page", offset: 0, limit: 1 }] };
    expect(await read({ maxVersions: 1, filter: page })).toEqual(["a0"]);
  });

  it("judges a filter of every comparator by the latest version", async () => {
    const { read } = await withRow();
    const passes = async (filter: Filter) => (await read({ maxVersions: 1, filter })) !== undefined;
    const results = await Promise.all(
      (["equal", "notEqual", "greater", "greaterEqual", "less", "lessEqual"] as const).flatMap((comparator) =>
        [-1n, 0n, 1n].map((value) => passes(column("a", comparator, value))),
      ),
    );
    const table = [
      [false, true, false],
      [true, false, true],
      [true, false, false],
      [true, true, false],
      [false, false, true],
      [false, true, true],
    ];
    expect(results).toEqual(table.flat());
  });

  it("lets values of different types never match", async () => {
    const { read } = await withRow();
    for (const value of [0, "0"]) {
      for (const comparator of ["equal", "notEqual", "less", "greater"] as const) {
        expect(await read({ maxVersions: 1, filter: column("a", comparator, value) })).toBeUndefined();
      }
    }
  });

  it("combines conditions with and, or and not", async () => {
    const { read } = await withRow();
    const [yes, no] = [column("a", "equal", 0n), column("a", "equal", 9n)];
    const passes = async (filter: Filter) => (await read({ maxVersions: 1, filter })) !== undefined;
    expect(await passes({ type: "and", filters: [yes, yes, yes] })).toBe(true);
    expect(await passes({ type: "and", filters: [yes, no] })).toBe(false);
    expect(await passes({ type: "or", filters: [no, no, yes] })).toBe(true);
    expect(await passes({ type: "or", filters: [no] })).toBe(false);
    expect(await passes({ type: "not", filters: [no] })).toBe(true);
    expect(await passes({ type: "not", filters: [{ type: "or", filters: [no, yes] }] })).toBe(false);
  });

  it("shows a filter only the columns that are read", async () => {
    const { read } = await withRow();
    const filter = (filterIfMissing: boolean) => column("a", "equal", 0n, { filterIfMissing });
    expect(await read({ maxVersions: 1, columns: ["b"], filter: filter(true) })).toBeUndefined();
    expect(await read({ maxVersions: 1, columns: ["b"], filter: filter(false) })).toEqual(["b0"]);
    expect(await read({ maxVersions: 1, columns: ["a", "b"], filter: filter(true) })).toEqual(["a0", "b0"]);
  });

  it("takes parts of text by regular expression and compares them cast", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.put("t", { pk: "k" }, { s: "order-42-eu" });
    const passes = async (filter: Filter) => (await caller.get("t", { pk: "k" }, { maxVersions: 1, filter })) !== undefined;
    const part = (regex: string, castType: "integer" | "string" | "double") => ({ transfer: { regex, castType } });
    expect(await passes(column("s", "equal", 42n, part("order-(\\d+)", "integer")))).toBe(true);
    expect(await passes(column("s", "greater", 41.5, part("order-(\\d+)", "double")))).toBe(true);
    expect(await passes(column("s", "equal", "eu", part("[a-z]+$", "string")))).toBe(true);
    expect(await passes(column("s", "equal", 42n, part("nothing-(\\d+)", "integer")))).toBe(false);
    expect(await passes(column("s", "equal", 42n, part("order-(.*)", "integer")))).toBe(false);
  });

  it("hides expired versions and, with the last of them, the row", async () => {
    const { caller, clock } = await open();
    const day = 86_400_000;
    await caller.createTable("t", oneKey, { timeToLive: 86_400, maxVersions: 2 });
    await caller.update("t", { pk: "k" }, [{ op: "put", name: "a", value: 1n }]);
    await clock.advance(day / 2);
    await caller.update("t", { pk: "k" }, [
      { op: "put", name: "a", value: 2n },
      { op: "put", name: "b", value: 2n },
    ]);
    await clock.advance(day / 2);
    expect((await caller.get("t", { pk: "k" }, { maxVersions: 2 }))!.cells).toHaveLength(3);
    await clock.advance(1);
    expect((await caller.get("t", { pk: "k" }, { maxVersions: 2 }))!.cells.map(({ name, value }) => [name, value])).toEqual([
      ["a", 2n],
      ["b", 2n],
    ]);
    await clock.advance(day / 2);
    expect(await caller.get("t", { pk: "k" }, { maxVersions: 2 })).toBeUndefined();
    await caller.put("t", { pk: "k" }, { c: 1n }, { existence: "expectNotExist" });
  });

  it("shows fewer versions at once when the table's number is lowered", async () => {
    const { caller, read } = await withRow();
    await caller.call("UpdateTable", { tableName: "t", options: { maxVersions: 2 } });
    expect(await read({ maxVersions: 9, columns: ["a"] })).toEqual(["a0", "a1"]);
  });

  it("counts a capacity unit for each 4 KB of the row", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.put("t", { pk: "k" }, { c: "x".repeat(8192) });
    const reply = await caller.call("GetRow", { tableName: "t", key: keyBytes({ pk: "k" }), selection: { maxVersions: 1 } });
    expect(reply.consumed).toEqual({ read: 3, write: 0 });
    expect(valuesOf(await caller.get("t", { pk: "k" }))).toEqual({ c: "x".repeat(8192) });
  });

  it("refuses selections that cannot be", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const refused = (selection: CellSelection) => caller.refusal("GetRow", { tableName: "t", key: keyBytes({ pk: "k" }), selection });
    expect(await refused({})).toEqual(invalid("No version condition is specified while querying row."));
    expect(await refused({ maxVersions: 0 })).toEqual(invalid("Invalid max versions: 0 . Reason: Max versions must be positive."));
    expect(await refused({ maxVersions: 1, specificTime: 1 })).toEqual(
      invalid("Specific tiemstamp and max versions cannot be given at the same time."),
    );
    expect(await refused({ specificTime: -1 })).toEqual(invalid("Specific timestamp cannot be less than 0."));
    const columns = Array.from({ length: 1025 }, (_, i) => `c${i}`);
    expect(await refused({ maxVersions: 1, columns })).toEqual(
      invalid("The number of columns from the request exceeds the limit, limit count: 1024, column count: 1025."),
    );
    expect(await refused({ maxVersions: 1, filter: { type: "page", offset: -1, limit: 1 } })).toEqual(
      invalid("Offset in ColumnPaginationFilter must be greater than or equal to 0."),
    );
    expect(await refused({ maxVersions: 1, filter: { type: "page", offset: 0, limit: 0 } })).toEqual(
      invalid("Limit in ColumnPaginationFilter must be greater than 0."),
    );
    const many = Array.from({ length: 33 }, () => column("a", "equal", 1n));
    expect(await refused({ maxVersions: 1, filter: { type: "or", filters: many } })).toEqual(
      invalid("The count of filter exceeds the max:32."),
    );
    expect(await refused({ maxVersions: 1, filter: column("a", "equal", 1n, { transfer: { regex: "(", castType: "integer" } }) })).toEqual(
      invalid("Deserialize filter failed."),
    );
  });

  it("refuses keys that name no row", async () => {
    const { caller } = await open();
    await caller.createTable("t", [oneKey[0], { name: "id", type: "integer", autoIncrement: true }]);
    const refused = (key: Parameters<typeof keyBytes>[0]) =>
      caller.refusal("GetRow", { tableName: "t", key: keyBytes(key), selection: { maxVersions: 1 } });
    expect(await refused({ pk: "a", id: AUTO_INCREMENT })).toEqual(invalid("PKAutoIncr can't be used for read operations."));
    expect(await refused({ pk: INF_MAX, id: 1n })).toEqual(invalid("VT_INF_MAX is an invalid type for the primary key."));
    expect(await refused({ pk: "a" })).toEqual({ status: 400, code: "OTSInvalidPK", text: "Validate PK size fail. Input: 1, Meta: 2." });
  });
});
