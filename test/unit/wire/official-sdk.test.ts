import { createRequire } from "node:module";
import fc from "fast-check";
import TableStore from "tablestore";
import { describe, expect, test } from "vitest";
import type { PutCell, Row } from "../../../src/model/row.ts";
import type { Value } from "../../../src/model/value.ts";
import { decodeFilter } from "../../../src/wire/filter.ts";
import { batchWriteRow } from "../../../src/wire/operation/batch-write-row.ts";
import { getRange } from "../../../src/wire/operation/get-range.ts";
import { getRow } from "../../../src/wire/operation/get-row.ts";
import { putRow } from "../../../src/wire/operation/put-row.ts";
import { decodeChange } from "../../../src/wire/plainbuffer/decode-change.ts";
import { decodeKey } from "../../../src/wire/plainbuffer/decode.ts";
import { encodeKey, encodeRows } from "../../../src/wire/plainbuffer/encode.ts";
import { signRequest } from "../../../src/wire/sign.ts";
import * as any from "./arbitraries.ts";

/** The official Node SDK as referee: what it encodes we read as it was meant, what we encode it reads as we meant it. */
interface Codec {
  encode(message: unknown): { finish(): Uint8Array };
}
const protos: { readonly main: { readonly proto: Readonly<Record<string, Codec>> } } = createRequire(import.meta.url)(
  "tablestore/lib/protocol/tablestore_compiled_proto.js",
);

function sdkRequest(operation: string, message: string, params: object): Uint8Array {
  return Uint8Array.from(protos.main.proto[message]!.encode(TableStore.encoder.encode(operation, params)).finish());
}

/** A value as the SDK takes it: its integers are objects of their own, plain numbers are doubles. */
function toSdk(value: Value): unknown {
  if (typeof value === "bigint") return TableStore.Long.fromString(String(value));
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

function fromSdk(value: unknown): Value {
  if (typeof value === "object" && value !== null && "toBuffer" in value) return BigInt(String(value));
  return value instanceof Uint8Array ? new Uint8Array(value) : (value as Value);
}

/** Names the SDK can say: it writes the length in UTF-16 units (reference 9, defect 4), and knows a column by this name. */
const asciiName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/).filter((one) => one !== "timestamp" && one !== "__proto__");
const sdkValue = any.value.filter((value) => typeof value !== "number" || Number.isFinite(value));
const sdkTimestamp = fc.integer({ min: 1, max: 4_000_000_000_000 });
const cell = fc.record({ name: asciiName, value: sdkValue, timestamp: sdkTimestamp });
const key = fc.tuple(any.text, any.integer, any.binary).map(
  ([a, b, c]) =>
    [
      { name: "a", value: a },
      { name: "b", value: b },
      { name: "c", value: c },
    ] as const,
);
const sdkKey = (columns: readonly { readonly name: string; readonly value: Value }[]) =>
  columns.map(({ name, value }) => ({ [name]: toSdk(value) }));
const cells = fc.uniqueArray(cell, { maxLength: 8, selector: (one) => one.name });

describe("what the official SDK encodes", () => {
  test("puts of any cells are read", () => {
    fc.assert(
      fc.property(key, cells, fc.boolean(), (columns, all, timed) => {
        const body = sdkRequest("putRow", "PutRowRequest", {
          tableName: "t",
          condition: new TableStore.Condition(TableStore.RowExistenceExpectation.EXPECT_NOT_EXIST, null),
          primaryKey: sdkKey(columns),
          attributeColumns: all.map(({ name, value, timestamp }) => ({ [name]: toSdk(value), ...(timed ? { timestamp } : {}) })),
        });
        const request = putRow.decodeRequest(body);
        const expected: PutCell[] = timed ? all : all.map(({ name, value }) => ({ name, value }));
        expect(decodeChange("put", request.change)).toEqual({ type: "put", key: columns, cells: expected });
        expect(request.condition).toEqual({ existence: "expectNotExist" });
      }),
    );
  });
  test("a batch with every kind of change is read", () => {
    const primaryKey = sdkKey([{ name: "a", value: "x" }]);
    const condition = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
    const updates = [{ PUT: [{ p: "v" }] }, { DELETE: [{ d: TableStore.Long.fromNumber(7) }] }, { DELETE_ALL: ["e"] }];
    const body = sdkRequest("batchWriteRow", "BatchWriteRowRequest", {
      tables: [
        {
          tableName: "t",
          rows: [
            { type: "PUT", condition, primaryKey, attributeColumns: [{ c: true }] },
            { type: "UPDATE", condition, primaryKey, attributeColumns: updates },
            { type: "DELETE", condition, primaryKey },
          ],
        },
      ],
    });
    const [table] = batchWriteRow.decodeRequest(body).tables;
    const at = [{ name: "a", value: "x" }];
    expect(table!.rows.map(({ type, change }) => decodeChange(type, change))).toEqual([
      { type: "put", key: at, cells: [{ name: "c", value: true }] },
      {
        type: "update",
        key: at,
        cells: [
          { op: "put", name: "p", value: "v" },
          { op: "deleteOne", name: "d", timestamp: 7 },
          { op: "deleteAll", name: "e" },
        ],
      },
      { type: "delete", key: at },
    ]);
  });
  test("a range with bounds, columns and a filter is read", () => {
    const filter = new TableStore.SingleColumnCondition("c", "x", TableStore.ComparatorType.EQUAL, true);
    const body = sdkRequest("getRange", "GetRangeRequest", {
      tableName: "t",
      direction: TableStore.Direction.BACKWARD,
      inclusiveStartPrimaryKey: [{ a: TableStore.INF_MAX }, { b: TableStore.INF_MAX }],
      exclusiveEndPrimaryKey: [{ a: TableStore.INF_MIN }, { b: TableStore.INF_MIN }],
      columnsToGet: ["c", "d"],
      columnFilter: filter,
      limit: 17,
      maxVersions: 3,
    });
    const request = getRange.decodeRequest(body);
    expect(request).toMatchObject({
      tableName: "t",
      direction: "backward",
      limit: 17,
      selection: {
        columns: ["c", "d"],
        maxVersions: 3,
        filter: decodeFilter(Buffer.from("0801121108011201631a0603010000007820002801", "hex")),
      },
    });
    expect(decodeKey(request.start).map((column) => String(column.value))).toEqual(["Symbol(INF_MAX)", "Symbol(INF_MAX)"]);
  });
});

describe("what we encode", () => {
  const row = fc.record({ key, cells }).map((one): Row => ({ key: one.key, cells: any.sortCells(one.cells) }));
  const plain = (one: {
    primaryKey: { name: string; value: unknown }[];
    attributes: { columnName: string; columnValue: unknown; timestamp: unknown }[];
  }) => ({
    key: one.primaryKey.map(({ name, value }) => ({ name, value: fromSdk(value) })),
    cells: one.attributes.map(({ columnName, columnValue, timestamp }) => ({
      name: columnName,
      value: fromSdk(columnValue),
      timestamp: Number(timestamp),
    })),
  });

  test("pages of any rows are read by the official SDK", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), key, (rows, next) => {
        const body = getRange.encodeResponse({ consumed: { read: 1, write: 0 }, rows: encodeRows(rows), nextStart: encodeKey(next) });
        const reply = TableStore.decoder.decode("getRange", Buffer.from(body));
        expect(reply.rows.map(plain)).toEqual(rows);
        expect(plain({ primaryKey: reply.nextStartPrimaryKey, attributes: [] }).key).toEqual(next);
      }),
    );
  });
  test("a row that is not there is read as empty", () => {
    const body = getRow.encodeResponse({ consumed: { read: 1, write: 0 }, row: new Uint8Array(0) });
    expect(TableStore.decoder.decode("getRow", Buffer.from(body)).row).toEqual({});
  });
  test("a refusal of one row is read by the official SDK", () => {
    const body = batchWriteRow.encodeResponse({
      tables: [
        {
          tableName: "t",
          rows: [
            { ok: true, consumed: { read: 0, write: 1 } },
            { ok: false, error: { code: "OTSConditionCheckFail", text: "Condition check failed." } },
          ],
        },
      ],
    });
    const [, second] = TableStore.decoder.decode("batchWriteRow", Buffer.from(body)).tables;
    expect(second).toMatchObject({ isOk: false, errorCode: "OTSConditionCheckFail", errorMessage: "Condition check failed." });
  });
});

test("requests are signed as the official SDK signs them", () => {
  const headers = {
    "x-ots-apiversion": "2015-12-31",
    "x-ots-instancename": "inst",
    "x-ots-contentmd5": "1B2M2Y8AsgTpgAmY7PhCfg==",
    host: "h",
  };
  const request = { path: "/ListTable", method: "POST", headers: { ...headers } as Record<string, string> };
  const date = new Date(1_700_000_000_000);
  new TableStore.Signer(request).addAuthorization({ accessKeyId: "ak", secretAccessKey: "sk", securityToken: "token" }, date);
  const { "x-ots-signature": theirs, ...signed } = request.headers;
  expect(signRequest("/ListTable", signed, "sk")).toBe(theirs);
});
