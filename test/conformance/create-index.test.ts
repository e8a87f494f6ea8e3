import { expect, it } from "vitest";
import type { IndexSchema } from "../../src/model/schema.ts";
import { AUTO_INCREMENT } from "../../src/model/value.ts";
import { decodeRealKey } from "../../src/wire/plainbuffer/decode.ts";
import { deleteRequest, keyBytes, putRequest, tableRequest, updateRequest, valuesOf } from "./caller.ts";
import { describeEverywhere, describeOnDisk } from "./endpoints.ts";
import { byCity, definedColumns, filled, indexedTable, localAge, phasesOf, wholeRange } from "./indexed-table.ts";

const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });
const everyCity = wholeRange(["city", "pk", "n"]);

describeEverywhere("CreateIndex", (open) => {
  it("makes an index of the rows written from then on", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable());
    await caller.put("t", { pk: "old", n: 1n }, { city: "Rome" });
    await caller.call("CreateIndex", { mainTableName: "t", index: byCity });
    expect(await phasesOf(caller)).toEqual({ by_city: "incremental" });
    await caller.put("t", { pk: "new", n: 1n }, { city: "Oslo" });
    expect((await caller.range("by_city", ...everyCity)).rows.map(({ key }) => key.map(({ value }) => value))).toEqual([
      ["Oslo", "new", 1n],
    ]);
  });

  it("fills it with what is there where base data is asked for, while writes go on", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable());
    const rows = Array.from({ length: 200 }, (_, n) => ({ key: { pk: "a", n: BigInt(n) }, cells: { city: `c${n % 3}`, age: BigInt(n) } }));
    for (let batch = 0; batch < 3; batch++) {
      await caller.writeBatch(
        "t",
        rows.map(({ key, cells }) => ({ key: { ...key, pk: `a${batch}` }, cells })),
      );
    }
    await caller.call("CreateIndex", { mainTableName: "t", index: byCity, includeBaseData: true });
    await caller.put("t", { pk: "a0", n: 0n }, { city: "moved" });
    await caller.delete("t", { pk: "a2", n: 199n });
    await filled(caller);
    const found = (await caller.range("by_city", ...everyCity)).rows;
    expect(found).toHaveLength(599);
    expect(found.at(-1)!.key.map(({ value }) => value)).toEqual(["moved", "a0", 0n]);
  });

  it("is described with its table: columns, type, and phase", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    await caller.call("CreateIndex", { mainTableName: "t", index: { ...localAge, syncPhase: "full" } });
    expect((await caller.call("DescribeTable", { tableName: "t" })).indexes).toEqual([
      { ...byCity, syncPhase: "incremental" },
      { ...localAge, syncPhase: "incremental" },
    ]);
  });

  it("shares its name with no table and no other index", async () => {
    const { caller } = await open();
    const taken = { status: 409, code: "OTSObjectAlreadyExist", text: "Requested table already exists." };
    await caller.call("CreateTable", indexedTable([byCity]));
    await caller.createTable("other", [{ name: "pk", type: "string" }]);
    for (const name of ["t", "other", "by_city"]) {
      expect(await caller.refusal("CreateIndex", { mainTableName: "t", index: { ...byCity, name } })).toEqual(taken);
    }
    expect(await caller.refusal("CreateTable", tableRequest("by_city", [{ name: "pk", type: "string" }]))).toEqual(taken);
    const second = { ...indexedTable([{ ...byCity, name: "x" }]), meta: { ...indexedTable().meta, tableName: "x" } };
    expect(await caller.refusal("CreateTable", second)).toEqual(taken);
    const twice = indexedTable([byCity, byCity].map((index) => ({ ...index, name: "twice" })));
    expect(await caller.refusal("CreateTable", { ...twice, meta: { ...twice.meta, tableName: "x" } })).toEqual(taken);
    expect((await caller.call("ListTable", {})).tableNames).toEqual(["other", "t"]);
  });

  it("refuses names and numbers of columns that cannot be, before it looks for the table", async () => {
    const { caller } = await open();
    const refused = (index: Partial<IndexSchema>) =>
      caller.refusal("CreateIndex", { mainTableName: "none", index: { ...byCity, ...index } });
    const range = (what: string, from: number, to: number) =>
      invalid(`The number of ${what} columns must be in range: [${from}, ${to}] in index.`);
    expect(await refused({ keyColumns: [] })).toEqual(range("primary key", 1, 4));
    expect(await refused({ keyColumns: ["a", "b", "c", "d", "e"] })).toEqual(range("primary key", 1, 4));
    expect(await refused({ definedColumns: Array.from({ length: 33 }, (_, i) => `c${i}`) })).toEqual(range("attribute", 0, 32));
    expect(await refused({ name: "1st" })).toEqual(invalid("Invalid table name: '1st'."));
    expect(await refused({})).toEqual({ status: 404, code: "OTSObjectNotExist", text: "Requested table does not exist." });
  });

  it("refuses columns that its table does not have, that could be no key, or that stand there twice", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable());
    const refused = async (index: Partial<IndexSchema>) => {
      const refusal = await caller.refusal("CreateIndex", { mainTableName: "t", index: { ...byCity, definedColumns: [], ...index } });
      const { text } = await caller.refusal("CreateTable", { ...indexedTable([{ ...byCity, definedColumns: [], ...index }]) });
      expect(text).toBe(refusal.text);
      return refusal;
    };
    expect(await refused({ keyColumns: ["nowhere"] })).toMatchObject({ code: "OTSParameterInvalid" });
    expect(await refused({ definedColumns: ["nowhere"] })).toMatchObject({ code: "OTSParameterInvalid" });
    for (const column of ["score", "on"]) expect(await refused({ keyColumns: [column] })).toMatchObject({ code: "OTSParameterInvalid" });
    expect(await refused({ keyColumns: ["city", "city"] })).toEqual(invalid("Duplicated primary key name: 'city'."));
    for (const column of ["city", "pk"]) {
      expect(await refused({ definedColumns: [column] })).toEqual(
        invalid(`Duplicated attribute column name with primary key column: ${column}.`),
      );
    }
    for (const keyColumns of [["age"], ["age", "pk"], ["n"]]) {
      expect(await refused({ type: "local", keyColumns })).toMatchObject({ code: "OTSParameterInvalid" });
    }
  });

  it("takes keys and integers, texts and bytes of every mix, and an auto-increment column but first", async () => {
    const { caller } = await open();
    const key = [
      { name: "pk", type: "string" },
      { name: "id", type: "integer", autoIncrement: true },
    ] as const;
    await caller.call("CreateTable", { ...indexedTable(), meta: { tableName: "t", key, definedColumns } });
    expect(await caller.refusal("CreateIndex", { mainTableName: "t", index: { ...byCity, keyColumns: ["id"] } })).toEqual(
      invalid("First primary key can't be auto increment, table: by_city."),
    );
    const mixed: IndexSchema = { name: "mixed", keyColumns: ["raw", "age", "id"], definedColumns: ["on"], type: "global" };
    await caller.call("CreateIndex", { mainTableName: "t", index: mixed });
    await caller.put("t", { pk: "x", id: AUTO_INCREMENT }, { raw: Buffer.of(1), age: 3n, on: true, city: "left out" });
    const [row] = (await caller.range("mixed", ...wholeRange(["raw", "age", "id", "pk"]))).rows;
    expect(row!.key.map(({ name }) => name)).toEqual(["raw", "age", "id", "pk"]);
    expect(row!.key[2]!.value).toBeGreaterThan(0n);
    expect(valuesOf(row)).toEqual({ on: true });
  });

  it("wants a table of one version, whose rows expire whole or never, and keeps it so", async () => {
    const { caller } = await open();
    const ttl = invalid("Don't support allow update operation on table with index and ttl");
    expect(await caller.refusal("CreateTable", indexedTable([byCity], { maxVersions: 2 }))).toMatchObject({ code: "OTSParameterInvalid" });
    expect(await caller.refusal("CreateTable", indexedTable([byCity], { timeToLive: 86_400 }))).toEqual(ttl);
    await caller.call("CreateTable", indexedTable([byCity], { timeToLive: 86_400, allowUpdate: false }));
    const changed = (options: object) => caller.refusal("UpdateTable", { tableName: "t", options });
    expect(await changed({ maxVersions: 2 })).toMatchObject({ code: "OTSParameterInvalid" });
    expect(await changed({ allowUpdate: true })).toEqual(ttl);
    await caller.call("UpdateTable", { tableName: "t", options: { allowUpdate: true, timeToLive: -1 } });
    expect(await changed({ timeToLive: 86_400 })).toEqual(ttl);
    await caller.call("DropIndex", { mainTableName: "t", indexName: "by_city" });
    await caller.call("UpdateTable", { tableName: "t", options: { timeToLive: 86_400, maxVersions: 2 } });
    expect(await caller.refusal("CreateIndex", { mainTableName: "t", index: byCity })).toMatchObject({ code: "OTSParameterInvalid" });
  });

  it("refuses the 16th index of a table, and the 65th of tables and indexes", async () => {
    const { caller } = await open();
    const numbered = (count: number, prefix = "i") => Array.from({ length: count }, (_, i) => ({ ...byCity, name: `${prefix}${i}` }));
    const quota = { status: 403, code: "OTSQuotaExhausted", text: "Number of index per table exceeds the quota:15." };
    expect(await caller.refusal("CreateTable", indexedTable(numbered(16)))).toEqual(quota);
    await caller.call("CreateTable", indexedTable(numbered(15)));
    expect(await caller.refusal("CreateIndex", { mainTableName: "t", index: byCity })).toEqual(quota);
    for (let i = 16; i < 64; i++) await caller.createTable(`t${i}`, [{ name: "pk", type: "string" }]);
    await caller.call("DropIndex", { mainTableName: "t", indexName: "i7" });
    await caller.createTable("last", [{ name: "pk", type: "string" }]);
    expect(await caller.refusal("CreateIndex", { mainTableName: "t", index: byCity })).toEqual({
      status: 403,
      code: "OTSQuotaExhausted",
      text: "Number of tables exceeds the quota:64.",
    });
  });
});

describeEverywhere("Reading an index", (open) => {
  it("finds rows by the key of the index, one, many, and in ranges both ways", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    for (const [n, city] of ["Rome", "Oslo", "Bonn", "Oslo"].entries()) {
      await caller.put("t", { pk: `p${n}`, n: BigInt(n) }, { city, age: BigInt(n), score: n / 2, other: "x" });
    }
    const oslo = { city: "Oslo", pk: "p3", n: 3n };
    expect(valuesOf(await caller.get("by_city", oslo))).toEqual({ age: 3n, score: 1.5 });
    expect(await caller.get("by_city", { ...oslo, pk: "p2" })).toBeUndefined();
    const { tables } = await caller.call("BatchGetRow", {
      tables: [
        {
          tableName: "by_city",
          keys: [keyBytes(oslo), keyBytes({ ...oslo, city: "Bonn" })],
          tokens: [],
          selection: { maxVersions: 1, columns: ["age"] },
        },
        { tableName: "t", keys: [keyBytes({ pk: "p3", n: 3n })], tokens: [], selection: { maxVersions: 1 } },
      ],
    });
    expect(tables.map(({ rows }) => rows.map((row) => row.ok && (row.row ?? "").length > 0))).toEqual([[true, false], [true]]);
    const keys = async (...range: Parameters<typeof caller.range>) =>
      (await caller.range(...range)).rows.map(({ key: [city, pk] }) => `${String(city!.value)} ${String(pk!.value)}`);
    expect(await keys("by_city", ...everyCity)).toEqual(["Bonn p2", "Oslo p1", "Oslo p3", "Rome p0"]);
    const [low, high] = wholeRange(["city", "pk", "n"], { city: "Oslo" });
    expect(await keys("by_city", low, high)).toEqual(["Oslo p1", "Oslo p3"]);
    expect(await keys("by_city", high, low, { direction: "backward" })).toEqual(["Oslo p3", "Oslo p1"]);
  });

  it("filters, picks columns and pages as in any table", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    await caller.writeBatch(
      "t",
      Array.from({ length: 50 }, (_, n) => ({ key: { pk: "a", n: BigInt(n) }, cells: { city: "c", age: BigInt(n), score: n } })),
    );
    const filter = {
      type: "column",
      name: "age",
      comparator: "greaterEqual",
      value: 48n,
      filterIfMissing: true,
      latestVersionOnly: true,
    } as const;
    const { rows } = await caller.range("by_city", ...everyCity, { selection: { maxVersions: 1, columns: ["age"], filter } });
    expect(rows.map((row) => valuesOf(row))).toEqual([{ age: 48n }, { age: 49n }]);
    const page = await caller.range("by_city", ...everyCity, { limit: 7 });
    expect(page.rows).toHaveLength(7);
    expect(decodeRealKey(page.nextStart!).map(({ value }) => value)).toEqual(["c", "a", 7n]);
    expect(page.consumed).toMatchObject({ read: 1, write: 0 });
  });

  it("follows every kind of write", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity, localAge]));
    const row = { pk: "x", n: 1n };
    const cities = async () => (await caller.range("by_city", ...everyCity)).rows.map(({ key, cells }) => [key[0]!.value, cells.length]);
    const ofRow = wholeRange(["pk", "age", "n"], { pk: "x" });
    const ages = async () => (await caller.range("local_age", ...ofRow)).rows.map(({ key }) => key[1]!.value);
    await caller.put("t", row, { city: "Rome", age: 1n });
    await caller.update("t", row, [{ op: "put", name: "city", value: "Oslo" }]);
    expect([await cities(), await ages()]).toEqual([[["Oslo", 1]], [1n]]);
    await caller.update("t", row, [{ op: "increment", name: "age", by: 41n }]);
    expect([await cities(), await ages()]).toEqual([[["Oslo", 1]], [42n]]);
    await caller.update("t", row, [{ op: "deleteAll", name: "city" }]);
    expect([await cities(), await ages()]).toEqual([[], [42n]]);
    await caller.put("t", row, { city: "Bonn" });
    expect([await cities(), await ages()]).toEqual([[["Bonn", 0]], []]);
    const writes = [
      { ...putRequest("t", row, { city: "a" }), type: "put" as const },
      { ...putRequest("t", { pk: "y", n: 1n }, { city: "b", age: 2n }), type: "put" as const },
      { ...deleteRequest("t", row), type: "delete" as const },
      { ...updateRequest("t", { pk: "y", n: 1n }, [{ op: "put", name: "city", value: "c" }]), type: "update" as const },
    ];
    await caller.call("BatchWriteRow", { tables: [{ tableName: "t", rows: writes }] });
    expect(await cities()).toEqual([["c", 1]]);
    await caller.call("BatchWriteRow", { tables: [{ tableName: "t", rows: writes.slice(0, 1) }], atomic: true });
    expect((await cities()).map(([city]) => city)).toEqual(["a", "c"]);
    await caller.refusal("PutRow", putRequest("t", row, { city: "refused" }, { existence: "expectNotExist" }));
    expect((await cities()).map(([city]) => city)).toEqual(["a", "c"]);
  });

  it("hides what has expired with its row", async () => {
    const { caller, clock } = await open();
    await caller.call("CreateTable", indexedTable([byCity], { timeToLive: 86_400, allowUpdate: false }));
    await caller.put("t", { pk: "x", n: 1n }, { city: "Rome" });
    await clock.advance(86_400_000);
    expect((await caller.range("by_city", ...everyCity)).rows).toHaveLength(1);
    await clock.advance(1);
    expect((await caller.range("by_city", ...everyCity)).rows).toEqual([]);
  });

  it("is cut for scans by its own keys", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    const { key, locations, splitPoints } = await caller.call("ComputeSplitPointsBySize", { tableName: "by_city", splitSize: 1 });
    expect(key.map(({ name, type }) => [name, type])).toEqual([
      ["city", "string"],
      ["pk", "string"],
      ["n", "integer"],
    ]);
    expect([splitPoints, locations.map(({ repeat }) => repeat)]).toEqual([[], [1]]);
  });
});

describeEverywhere("Writing an index", (open) => {
  it("is refused, whatever the operation", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    const directly = invalid("Can't write index table directly.");
    const key = { city: "Rome", pk: "x", n: 1n };
    expect(await caller.refusal("PutRow", putRequest("by_city", key, { age: 1n }))).toEqual(directly);
    expect(await caller.refusal("UpdateRow", updateRequest("by_city", key, [{ op: "put", name: "age", value: 1n }]))).toEqual(directly);
    expect(await caller.refusal("DeleteRow", deleteRequest("by_city", key))).toEqual(directly);
    const rows = [{ ...putRequest("by_city", key, {}), type: "put" as const }];
    const { tables } = await caller.call("BatchWriteRow", { tables: [{ tableName: "by_city", rows }] });
    expect(tables[0]!.rows[0]).toMatchObject({ ok: false, error: { code: "OTSParameterInvalid", text: directly.text } });
    expect(await caller.refusal("BatchWriteRow", { tables: [{ tableName: "by_city", rows }], atomic: true })).toEqual(directly);
  });

  it("is refused for what only tables have: options, a stream, a tunnel, an end of its own, indexes", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    const tableName = "by_city";
    const refusals = [
      await caller.refusal("UpdateTable", { tableName, options: { maxVersions: 1 } }),
      await caller.refusal("UpdateTable", { tableName, stream: { enabled: true, expirationHours: 24 } }),
      await caller.refusal("DeleteTable", { tableName }),
      await caller.refusal("CreateIndex", {
        mainTableName: tableName,
        index: { ...byCity, name: "i", definedColumns: [], keyColumns: ["pk"] },
      }),
      await caller.refusal("tunnel/create", { tableName, tunnelName: "tunnel", tunnelType: "Stream" }),
    ];
    expect(refusals.map(({ code }) => code)).toEqual(refusals.map(() => "OTSParameterInvalid"));
    expect(await phasesOf(caller)).toEqual({ by_city: "incremental" });
  });

  it("through its table is bounded as keys are", async () => {
    const { caller } = await open();
    await caller.call("CreateTable", indexedTable([byCity]));
    const long = invalid("The length of primary key column: 'city' exceeds the MaxLength:1024 with CurrentLength:1025.");
    const row = { pk: "x", n: 1n };
    expect(await caller.refusal("PutRow", putRequest("t", row, { city: "c".repeat(1025) }))).toEqual(long);
    const update = updateRequest("t", row, [{ op: "put", name: "city", value: "c".repeat(1025) }]);
    expect(await caller.refusal("UpdateRow", update)).toEqual(long);
    await caller.put("t", row, { city: "c".repeat(1024), other: "o".repeat(1025) });
    expect((await caller.range("by_city", ...everyCity)).rows).toHaveLength(1);
  });
});

describeOnDisk("An index", (open) => {
  it("goes on being filled after a stop, and is whole then", async () => {
    const first = await open();
    await first.caller.call("CreateTable", indexedTable());
    for (let batch = 0; batch < 10; batch++) {
      const rows = Array.from({ length: 200 }, (_, n) => ({
        key: { pk: `p${batch}`, n: BigInt(n) },
        cells: { city: "c", age: BigInt(n) },
      }));
      await first.caller.writeBatch("t", rows);
    }
    for (const index of [localAge, byCity]) await first.caller.call("CreateIndex", { mainTableName: "t", index, includeBaseData: true });
    const { caller } = await first.reopen();
    await filled(caller);
    expect((await caller.range("local_age", ...wholeRange(["pk", "age", "n"]))).rows).toHaveLength(2000);
    expect((await caller.range("by_city", ...everyCity)).rows).toHaveLength(2000);
  });
});
