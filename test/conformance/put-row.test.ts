import { expect, it } from "vitest";
import { limits } from "../../src/model/limits.ts";
import { AUTO_INCREMENT, INF_MIN } from "../../src/model/value.ts";
import { decodeRow } from "../../src/wire/plainbuffer/decode.ts";
import { cellsOf, putRequest, valuesOf } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";

const oneKey = [{ name: "pk", type: "string" }] as const;
const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });
const checkFailed = { status: 403, code: "OTSConditionCheckFail", text: "Condition check failed." };

describeEverywhere("PutRow", (open) => {
  it("stores every type of value, under the server's time where none is given", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    const cells = {
      text: "é😀",
      whole: -(2n ** 63n),
      real: -0.5,
      yes: true,
      no: false,
      bytes: Uint8Array.of(0, 255),
      empty: "",
      none: new Uint8Array(0),
    };
    await caller.put("t", { pk: "a" }, cells);
    const row = await caller.get("t", { pk: "a" });
    expect(valuesOf(row)).toEqual(cells);
    expect(new Set(row!.cells.map(({ timestamp }) => timestamp))).toEqual(new Set([clock.now()]));
  });

  it("returns cells sorted by the bytes of their names, whatever order they were written in", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const names = ["z", "a", "aa", "B", "_", "b1", "b", "Z9"];
    await caller.put(
      "t",
      { pk: "a" },
      names.map((name) => ({ name, value: name })),
    );
    expect((await caller.get("t", { pk: "a" }))!.cells.map(({ name }) => name)).toEqual(["B", "Z9", "_", "a", "aa", "b", "b1", "z"]);
  });

  it("replaces the whole row", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.put("t", { pk: "a" }, { x: 1n, y: 2n });
    await caller.put("t", { pk: "a" }, { y: 3n });
    expect(valuesOf(await caller.get("t", { pk: "a" }))).toEqual({ y: 3n });
  });

  it("keeps a row without cells as a key", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.put("t", { pk: "a" }, {});
    expect(await caller.get("t", { pk: "a" })).toEqual({ key: [{ name: "pk", value: "a" }], cells: [] });
  });

  it("keeps the newest of several versions, as many as the table has", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey, { maxVersions: 2 });
    const now = clock.now();
    const versions = [now - 3, now, now - 1, now - 2].map((timestamp) => ({ name: "c", value: BigInt(timestamp - now), timestamp }));
    await caller.put("t", { pk: "a" }, [...versions, { name: "b", value: "x", timestamp: now - 9 }]);
    expect(cellsOf(await caller.get("t", { pk: "a" }, { maxVersions: 9 }))).toEqual([`b@${now - 9}=x`, `c@${now}=0n`, `c@${now - 1}=-1n`]);
  });

  it("lets the last of two cells with the same name and version win", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey, { maxVersions: 5 });
    await caller.put("t", { pk: "a" }, [
      { name: "c", value: "first" },
      { name: "c", value: "last" },
    ]);
    expect(cellsOf(await caller.get("t", { pk: "a" }, { maxVersions: 5 }))).toEqual([`c@${clock.now()}=last`]);
  });

  it("counts a capacity unit for each 4 KB begun, and one to read what a condition asks for", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    expect((await caller.put("t", { pk: "a" }, { c: "x" })).consumed).toEqual({ read: 0, write: 1 });
    // Names and values: 2 + 1 for the key, 1 for the column's name.
    expect((await caller.put("t", { pk: "a" }, { c: "x".repeat(4092) })).consumed).toEqual({ read: 0, write: 1 });
    expect((await caller.put("t", { pk: "a" }, { c: "x".repeat(4093) })).consumed).toEqual({ read: 0, write: 2 });
    expect((await caller.put("t", { pk: "a" }, { c: "x" }, { existence: "expectExist" })).consumed).toEqual({ read: 2, write: 1 });
  });

  it("judges the row's existence", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const put = (existence: "expectExist" | "expectNotExist") =>
      caller.refusal("PutRow", putRequest("t", { pk: "a" }, { c: 1n }, { existence }));
    expect(await put("expectExist")).toEqual(checkFailed);
    await caller.put("t", { pk: "a" }, {}, { existence: "expectNotExist" });
    expect(await put("expectNotExist")).toEqual(checkFailed);
    await caller.put("t", { pk: "a" }, { c: 2n }, { existence: "expectExist" });
    expect(valuesOf(await caller.get("t", { pk: "a" }))).toEqual({ c: 2n });
  });

  it("answers the key when asked, and nothing otherwise", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const returned = await caller.put("t", { pk: "a" }, { c: 1n }, undefined, { type: "key", columns: [] });
    expect(decodeRow(returned.row!)).toEqual({ key: [{ name: "pk", value: "a" }], cells: [] });
    expect((await caller.put("t", { pk: "a" }, { c: 1n }, undefined, { type: "none", columns: [] })).row).toBeUndefined();
  });

  it("chooses growing values above zero for an AUTO_INCREMENT column, also when the clock stands still or goes back", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", [oneKey[0], { name: "id", type: "integer", autoIncrement: true }]);
    const ids: bigint[] = [];
    for (const step of [0, 0, 5, 0]) {
      await clock.advance(step);
      const { row } = await caller.put("t", { pk: "a", id: AUTO_INCREMENT }, { c: "x" }, undefined, { type: "key", columns: [] });
      ids.push(decodeRow(row!)!.key[1]!.value as bigint);
    }
    expect(ids[0]).toBeGreaterThan(0n);
    expect(ids.every((id, i) => i === 0 || id > ids[i - 1]!)).toBe(true);
    for (const id of ids) expect(valuesOf(await caller.get("t", { pk: "a", id }))).toEqual({ c: "x" });
  });

  it("lets the server's choice of key make rows only, and concrete keys change rows only", async () => {
    const { caller } = await open();
    await caller.createTable("t", [oneKey[0], { name: "id", type: "integer", autoIncrement: true }]);
    const automatic = (condition: Parameters<typeof putRequest>[3]) =>
      caller.refusal("PutRow", putRequest("t", { pk: "a", id: AUTO_INCREMENT }, {}, condition));
    expect(await automatic({ existence: "expectNotExist" })).toEqual(
      invalid("Invalid expect:EXPECT_NOT_EXIST when modify row with pk auto increment."),
    );
    const filter = { type: "column", name: "c", comparator: "equal", value: 1n, filterIfMissing: true, latestVersionOnly: true } as const;
    expect(await automatic({ existence: "ignore", filter })).toEqual(
      invalid("Can't set condition when modify row with pk auto increment."),
    );
    expect(await caller.refusal("PutRow", putRequest("t", { pk: "a", id: 1n }, {}))).toEqual(
      invalid("Invalid expect: IGNORE when modify a specific row for table with pk auto increment."),
    );
  });

  it("refuses keys that do not fit the table", async () => {
    const { caller } = await open();
    await caller.createTable("t", [oneKey[0], { name: "id", type: "integer" }]);
    const refused = (key: Parameters<typeof putRequest>[1]) => caller.refusal("PutRow", putRequest("t", key, {}));
    const invalidKey = (text: string) => ({ status: 400, code: "OTSInvalidPK", text });
    expect(await refused({ pk: "a" })).toEqual(invalidKey("Validate PK size fail. Input: 1, Meta: 2."));
    expect(await refused({ pk: "a", other: 1n })).toEqual(invalidKey("Validate PK name fail. Input: other, Meta: id."));
    expect(await refused({ pk: "a", id: "1" })).toEqual(invalidKey("Validate PK type fail. Input: VT_STRING, Meta: VT_INTEGER."));
    expect(await refused({ pk: "a", id: AUTO_INCREMENT })).toMatchObject({ code: "OTSInvalidPK" });
    expect(await caller.refusal("PutRow", putRequest("t", { pk: "a", id: INF_MIN } as never, {}))).toEqual(
      invalid("VT_INF_MIN is an invalid type for the primary key."),
    );
  });

  it("refuses what is beyond a limit, and takes what is at it", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const refused = (key: string, cells: Parameters<typeof putRequest>[2]) => caller.refusal("PutRow", putRequest("t", { pk: key }, cells));
    const long = "k".repeat(limits.keyValueBytesMax);
    await caller.put("t", { pk: long }, { c: "x".repeat(limits.attributeValueBytesMax) });
    expect(await refused(`${long}k`, {})).toEqual(
      invalid("The length of primary key column: 'pk' exceeds the MaxLength:1024 with CurrentLength:1025."),
    );
    expect(await refused("a", { attr: "x".repeat(limits.attributeValueBytesMax + 1) })).toEqual(
      invalid("The length of attribute column: 'attr' exceeds the MaxLength:2097152 with CurrentLength:2097153."),
    );
    const columns = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, true]));
    await caller.put("t", { pk: "a" }, columns(1024));
    expect(await refused("a", columns(1025))).toEqual(
      invalid("The number of attribute columns exceeds the limit, limit count: 1024, column count: 1025."),
    );
    const half = "x".repeat(limits.attributeValueBytesMax);
    expect(await refused("a", { a: half, b: half })).toEqual(
      invalid(`The total data size of PutRow request exceeds the limit, limit size: 4194304 , data size: ${4_194_304 + 5}.`),
    );
  });

  it("refuses names, values and versions that cannot be", async () => {
    const { caller, clock } = await open();
    await caller.createTable("t", oneKey);
    const refused = (cells: Parameters<typeof putRequest>[2]) => caller.refusal("PutRow", putRequest("t", { pk: "a" }, cells));
    expect(await refused({ "1c": 1n })).toEqual(invalid("Invalid column name: '1c'."));
    expect(await refused({ ["c".repeat(256)]: 1n })).toEqual(invalid(`Invalid column name: '${"c".repeat(256)}'.`));
    expect(await refused({ pk: 1n })).toEqual(invalid("Duplicated attribute column name with primary key column: pk."));
    expect(await refused({ c: Number.NaN })).toEqual(invalid("NaN can't be set to double value."));
    expect(await refused({ c: Number.NEGATIVE_INFINITY })).toEqual(invalid("Infinity can't be set to double value."));
    expect(await refused([{ name: "c", value: 1n, timestamp: -1 }])).toEqual(invalid("Timestamp must be in range [0, INT64_MAX/1000)."));
    const day = 86_400_000;
    await caller.put("t", { pk: "a" }, [{ name: "c", value: 1n, timestamp: clock.now() - day }]);
    await caller.put("t", { pk: "a" }, [{ name: "c", value: 1n, timestamp: clock.now() + day - 1 }]);
    for (const timestamp of [clock.now() - day - 1, clock.now() + day]) {
      const { status, code, text } = await refused([{ name: "c", value: 1n, timestamp }]);
      expect([status, code, text.startsWith("Invalid timestamp. Cell:")]).toEqual([400, "OTSParameterInvalid", true]);
    }
  });

  it("refuses a defined column of another type", async () => {
    const { caller } = await open();
    const definedColumns = [{ name: "DC2", type: "integer" }] as const;
    await caller.call("CreateTable", {
      meta: { tableName: "t", key: oneKey, definedColumns },
      reserved: { read: 0, write: 0 },
      options: { timeToLive: -1, maxVersions: 1 },
      partitions: [],
      indexes: [],
    });
    await caller.put("t", { pk: "a" }, { DC2: 1n, other: "x" });
    expect(await caller.refusal("PutRow", putRequest("t", { pk: "a" }, { DC2: Uint8Array.of(1) }))).toEqual(
      invalid("Invalid column type for column DC2 expect VT_INTEGER actual VT_BLOB"),
    );
  });

  it("refuses a table that is not there, and a transaction nobody started", async () => {
    const { caller } = await open();
    expect(await caller.refusal("PutRow", putRequest("t", { pk: "a" }, {}))).toEqual({
      status: 404,
      code: "OTSObjectNotExist",
      text: "Requested table does not exist.",
    });
    await caller.createTable("t", oneKey);
    expect(await caller.refusal("PutRow", { ...putRequest("t", { pk: "a" }, {}), transactionId: "x" })).toEqual(
      invalid("TransactionID is invalid."),
    );
  });

  it("takes padding behind the row and refuses a second row, a broken checksum and a cut row", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    const request = putRequest("t", { pk: "a" }, { c: "x" });
    const changed = (change: Uint8Array) => ({ ...request, change });
    await caller.call("PutRow", changed(Buffer.concat([request.change, Buffer.alloc(5)])));
    expect(await caller.refusal("PutRow", changed(Buffer.concat([request.change, request.change.subarray(4)])))).toEqual(
      invalid("data format is invalid."),
    );
    const broken = Buffer.from(request.change);
    broken[broken.length - 1]! ^= 1;
    expect(await caller.refusal("PutRow", changed(broken))).toEqual(invalid("Cell data broken, checksum is mismatch."));
    expect(await caller.refusal("PutRow", changed(request.change.subarray(0, -3)))).toMatchObject({ code: "OTSParameterInvalid" });
  });
});
