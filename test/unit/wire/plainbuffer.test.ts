import { describe, expect, test } from "vitest";
import type { KeyColumn } from "../../../src/model/key.ts";
import type { Row, RowChange } from "../../../src/model/row.ts";
import { AUTO_INCREMENT, INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import { decodeChange, decodeOriginRecord, decodeStreamRecord, type StreamChange } from "../../../src/wire/plainbuffer/decode-change.ts";
import { decodeKey, decodeRow, decodeRows, type WireKeyValue } from "../../../src/wire/plainbuffer/decode.ts";
import { encodeChange, encodeKey, encodeRow, encodeRows, encodeStreamRecord } from "../../../src/wire/plainbuffer/encode.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

const A = { name: "pk1", value: "a" } as const;
const key = (...columns: KeyColumn<WireKeyValue>[]): KeyColumn<WireKeyValue>[] => columns;

/** Golden vectors of the reference's appendix A: made by the official Node SDK or accepted by the official decoders. */
const golden = {
  key: "7500000001030403000000706b3105060000000301000000610a19030403000000706b3205090000000001000000000000000ae80973",
  bounds: "7500000001030403000000706b310501000000090ac8030403000000706b3205010000000a0afe091e",
  put: "7500000001030403000000706b3105060000000301000000610a19020304010000006305060000000301000000780af403040100000069050900000000050000000000000007e8030000000000000a6903040100000062050200000002010a3e03040100000064050900000001000000000000f83f0aba03040300000062696e0507000000070200000001020a0009aa",
  update:
    "7500000001030403000000706b3105060000000301000000610a19020304010000006305060000000301000000780af40304010000006506030707000000000000000acb0304010000006606010a8c0304010000006e050900000000010000000000000006040ae309d3",
  delete: "7500000001030403000000706b3105060000000301000000610a190809ed",
  autoIncrement: "7500000001030403000000706b3105060000000301000000610a19030403000000706b3205010000000b0af90931",
  twoRows:
    "7500000001030403000000706b3105060000000301000000610a190203040100000063050600000003010000007807e8030000000000000a85096f01030403000000706b3105060000000301000000620a100203040100000063050600000003010000007907e8030000000000000afc094a",
  streamPut:
    "7500000001030403000000706b3105060000000301000000610a190203040100000063050600000003010000007807e8030000000000000a850b180000000c130000000d000000000e00401e18240a06000f03000000096f",
  streamUpdate:
    "7500000001030403000000706b3105060000000301000000610a190203040100000063050600000003010000007807e8030000000000000a850304010000006506030707000000000000000acb0304010000006606010a8c0b180000000c130000000d000000000e00401e18240a06000f04000000091d",
  streamDelete: "7500000001030403000000706b3105060000000301000000610a190b180000000c130000000d000000000e00401e18240a06000f0500000009ea",
  emptyOrigin: "75000000010900",
};

const changes: Record<"put" | "update" | "delete", RowChange> = {
  put: {
    type: "put",
    key: [A],
    cells: [
      { name: "c", value: "x" },
      { name: "i", value: 5n, timestamp: 1000 },
      { name: "b", value: true },
      { name: "d", value: 1.5 },
      { name: "bin", value: Uint8Array.of(1, 2) },
    ],
  },
  update: {
    type: "update",
    key: [A],
    cells: [
      { op: "put", name: "c", value: "x" },
      { op: "deleteOne", name: "e", timestamp: 7 },
      { op: "deleteAll", name: "f" },
      { op: "increment", name: "n", by: 1n },
    ],
  },
  delete: { type: "delete", key: [A] },
};

const twoRows: Row[] = [
  { key: [A], cells: [{ name: "c", value: "x", timestamp: 1000 }] },
  { key: [{ name: "pk1", value: "b" }], cells: [{ name: "c", value: "y", timestamp: 1000 }] },
];

describe("keys in golden bytes", () => {
  const cases: [keyof typeof golden, KeyColumn<WireKeyValue>[]][] = [
    ["key", key(A, { name: "pk2", value: 1n })],
    ["bounds", key({ name: "pk1", value: INF_MIN }, { name: "pk2", value: INF_MAX })],
    ["autoIncrement", key(A, { name: "pk2", value: AUTO_INCREMENT })],
  ];
  test.each(cases)("%s is written as the reference has it", (name, columns) => {
    expect(hex(encodeKey(columns))).toBe(golden[name]);
  });
  test.each(cases)("%s is read back", (name, columns) => {
    expect(decodeKey(bytes(golden[name]))).toEqual(columns);
  });
  test("padding behind the row is accepted", () => {
    expect(decodeKey(bytes(`${golden.bounds}0000`))).toHaveLength(2);
  });
});

describe("changes in golden bytes", () => {
  test.each(["put", "update", "delete"] as const)("%s is written as the reference has it", (type) => {
    expect(hex(encodeChange(changes[type]))).toBe(golden[type]);
  });
  test.each(["put", "update", "delete"] as const)("%s is read back, padding and all", (type) => {
    expect(decodeChange(type, bytes(`${golden[type]}0000000000`))).toEqual(changes[type]);
  });
});

describe("rows in golden bytes", () => {
  test("two rows follow one header", () => {
    expect(hex(encodeRows(twoRows))).toBe(golden.twoRows);
  });
  test("two rows are read back", () => {
    expect(decodeRows(bytes(golden.twoRows))).toEqual(twoRows);
  });
  test("no rows are no bytes", () => {
    expect(encodeRows([])).toHaveLength(0);
  });
  test("no bytes are no row", () => {
    expect(decodeRow(new Uint8Array(0))).toBeUndefined();
  });
  test("one row is read back", () => {
    expect(decodeRow(encodeRow(twoRows[1]!))).toEqual(twoRows[1]);
  });
});

describe("stream records in golden bytes", () => {
  const sequence = (rowIndex: number): StreamChange["sequence"] => ({ epoch: 0, timestamp: 1_700_000_000_000_000, rowIndex });
  const put = { op: "put", name: "c", value: "x", timestamp: 1000 } as const;
  const cases: [keyof typeof golden, StreamChange][] = [
    ["streamPut", { key: [A], cells: [put], sequence: sequence(3) }],
    [
      "streamUpdate",
      { key: [A], cells: [put, { op: "deleteOne", name: "e", timestamp: 7 }, { op: "deleteAll", name: "f" }], sequence: sequence(4) },
    ],
    ["streamDelete", { key: [A], cells: [], sequence: sequence(5) }],
  ];
  test.each(cases)("%s is written as the reference has it", (name, record) => {
    expect(hex(encodeStreamRecord(record.key, record.cells, record.sequence))).toBe(golden[name]);
  });
  test.each(cases)("%s is read back", (name, record) => {
    expect(decodeStreamRecord(bytes(golden[name]))).toEqual(record);
  });
  test("an origin record without a key is read", () => {
    expect(decodeOriginRecord(bytes(golden.emptyOrigin))).toEqual({ key: [], cells: [] });
  });
});
