import { expect, it } from "vitest";
import type { StreamSpec } from "../../src/model/schema.ts";
import { INF_MAX, INF_MIN, INTEGER_MIN } from "../../src/model/value.ts";
import type { CreateTableRequest } from "../../src/wire/operation/create-table.ts";
import { decodeRealKey } from "../../src/wire/plainbuffer/decode.ts";
import { tableRequest } from "./caller.ts";
import { describeEverywhere } from "./endpoints.ts";

const oneKey = [{ name: "pk", type: "string" }] as const;
const invalid = (text: string) => ({ status: 400, code: "OTSParameterInvalid", text });

describeEverywhere("CreateTable", (open) => {
  it("makes a table that can be written at once", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    await caller.put("t", { pk: "a" }, {});
    expect(await caller.get("t", { pk: "a" })).toBeDefined();
  });

  it("refuses a name that is taken", async () => {
    const { caller } = await open();
    await caller.createTable("t", oneKey);
    expect(await caller.refusal("CreateTable", tableRequest("t", oneKey))).toEqual({
      status: 409,
      code: "OTSObjectAlreadyExist",
      text: "Requested table already exists.",
    });
  });

  it("keeps the tables of instances apart", async () => {
    const { caller } = await open();
    const second = caller.on("second");
    await caller.createTable("t", oneKey);
    expect(await second.refusal("DescribeTable", { tableName: "t" })).toMatchObject({ code: "OTSObjectNotExist" });
    await second.createTable("t", oneKey);
    await caller.put("t", { pk: "a" }, {});
    expect(await second.get("t", { pk: "a" })).toBeUndefined();
  });

  it("refuses the 65th table of an instance", async () => {
    const { caller } = await open();
    for (let i = 0; i < 64; i++) await caller.createTable(`t${i}`, oneKey);
    expect(await caller.refusal("CreateTable", tableRequest("t64", oneKey))).toEqual({
      status: 403,
      code: "OTSQuotaExhausted",
      text: "Number of tables exceeds the quota:64.",
    });
    await caller.on("second").createTable("t64", oneKey);
  });

  it("refuses names and keys that cannot be", async () => {
    const { caller } = await open();
    const refused = (name: string, key: CreateTableRequest["meta"]["key"]) => caller.refusal("CreateTable", tableRequest(name, key));
    for (const name of ["", "1t", "t-1", "t".repeat(256), "tä"])
      expect(await refused(name, oneKey)).toEqual(invalid(`Invalid table name: '${name}'.`));
    await caller.createTable(`_${"t".repeat(254)}`, oneKey);
    expect(await refused("t", [])).toEqual(invalid("The number of primary key columns must be in range: [1, 4]."));
    expect(
      await refused(
        "t",
        Array.from({ length: 5 }, (_, i) => ({ name: `pk${i}`, type: "string" as const })),
      ),
    ).toEqual(invalid("The number of primary key columns must be in range: [1, 4]."));
    expect(await refused("t", [{ name: "p k", type: "string" }])).toEqual(invalid("Invalid column name: 'p k'."));
    expect(await refused("t", [oneKey[0], oneKey[0]])).toEqual(invalid("Duplicated primary key name: 'pk'."));
    expect(await refused("t", [{ name: "pk", type: "integer", autoIncrement: true }])).toEqual(
      invalid("First primary key can't be auto increment, table: t."),
    );
    expect(await refused("t", [oneKey[0], { name: "b", type: "string", autoIncrement: true }])).toEqual(
      invalid("AUTO_INCREMENT primary key must be integer."),
    );
    const two = ["b", "c"].map((name) => ({ name, type: "integer" as const, autoIncrement: true }));
    expect(await refused("t", [oneKey[0], ...two])).toEqual(invalid("AUTO_INCREMENT primary key count must <= 1."));
  });

  it("refuses options, capacities and defined columns that cannot be", async () => {
    const { caller } = await open();
    const request = tableRequest("t", oneKey);
    const refused = (change: Partial<CreateTableRequest>) => caller.refusal("CreateTable", { ...request, ...change });
    expect(await refused({ options: { maxVersions: 1 } })).toEqual(invalid("Time-to-live is missing while creating table."));
    expect(await refused({ options: { timeToLive: -1 } })).toEqual(invalid("MaxVersions is missing while creating table."));
    for (const timeToLive of [0, -2])
      expect(await refused({ options: { timeToLive, maxVersions: 1 } })).toEqual(invalid("TimeToLive cannot be 0 or less than -1."));
    expect(await refused({ options: { timeToLive: 86_399, maxVersions: 1 } })).toMatchObject({ code: "OTSParameterInvalid" });
    expect(await refused({ options: { timeToLive: -1, maxVersions: 0 } })).toEqual(
      invalid("The maximum versions cannot be less than or equal to 0."),
    );
    expect(await refused({ options: { timeToLive: -1, maxVersions: 1, maxDeviation: -1 } })).toEqual(
      invalid("The maximum deviation must be in range [0, INT64_MAX/1000000]."),
    );
    expect(await refused({ reserved: { read: 100_001, write: 0 } })).toMatchObject({ code: "OTSParameterInvalid" });
    const definedColumns = Array.from({ length: 33 }, (_, i) => ({ name: `c${i}`, type: "string" as const }));
    expect(await refused({ meta: { ...request.meta, definedColumns } })).toEqual(
      invalid("The number of defined columns must be in range: [0, 32]."),
    );
  });

  it("judges partitions, as clients send them", async () => {
    const { caller } = await open();
    const refused = (...partitions: CreateTableRequest["partitions"]) =>
      caller.refusal("CreateTable", { ...tableRequest("t", oneKey), partitions });
    expect(await refused({ begin: 1n, end: INF_MAX })).toEqual(invalid("The value type of partition does not match with primary key."));
    expect(await refused({ begin: "", end: INF_MAX })).toEqual(invalid("The value of partition range can not be empty string."));
    expect(await refused(...Array.from({ length: 11 }, () => ({ begin: INF_MIN, end: INF_MAX }) as const))).toEqual(
      invalid("The count of partitions cannot be greater than 10"),
    );
    const integers: CreateTableRequest = {
      ...tableRequest("n", [{ name: "pk", type: "integer" }]),
      partitions: [{ begin: INTEGER_MIN, end: INF_MAX }],
    };
    expect(await caller.refusal("CreateTable", integers)).toEqual(
      invalid("The value of partition range can not be INT64_MIN or INT64_MAX."),
    );
    await caller.call("CreateTable", {
      ...tableRequest("t", oneKey),
      partitions: [
        { begin: INF_MIN, end: "m" },
        { begin: "m", end: INF_MAX },
      ],
    });
    const { shardSplits } = await caller.call("DescribeTable", { tableName: "t" });
    expect(shardSplits.map((split) => decodeRealKey(split))).toEqual([[{ name: "pk", value: "m" }]]);
  });

  it("switches the table's stream on, and refuses one without a sensible expiration", async () => {
    const { caller, clock } = await open();
    const refused = (stream: StreamSpec) => caller.refusal("CreateTable", { ...tableRequest("t", oneKey), stream });
    for (const expirationHours of [undefined, 0, 169]) {
      expect(await refused({ enabled: true, expirationHours })).toEqual(
        invalid("The expiration time of a stream must be in range: [1, 168]."),
      );
    }
    expect(await refused({ enabled: true, expirationHours: 1, originColumns: ["9"] })).toEqual(invalid("Invalid column name: '9'."));
    await caller.call("CreateTable", {
      ...tableRequest("t", oneKey),
      stream: { enabled: true, expirationHours: 168, originColumns: ["a"] },
    });
    expect((await caller.call("DescribeTable", { tableName: "t" })).stream).toEqual({
      enabled: true,
      streamId: expect.any(String),
      expirationHours: 168,
      lastEnableTime: clock.nowMicros(),
      originColumns: ["a"],
    });
  });

  it("refuses encryption, which is not there", async () => {
    const { caller } = await open();
    const refused = (change: Partial<CreateTableRequest>) => caller.refusal("CreateTable", { ...tableRequest("t", oneKey), ...change });
    expect((await refused({ encryption: { enabled: true, keyType: "kmsService" } })).text).toMatch(/^Unsupported operation/);
    await caller.call("CreateTable", { ...tableRequest("t", oneKey), stream: { enabled: false }, encryption: { enabled: false } });
  });
});
