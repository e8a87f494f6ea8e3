import { expect, it } from "vitest";
import { defaultTableOptions } from "../../../../src/model/schema.ts";
import { INF_MAX, INF_MIN } from "../../../../src/model/value.ts";
import { baseChannels } from "../../../../src/server/tunnel/base-ranges.ts";
import { Table } from "../../../../src/store/table.ts";
import { decodeKey } from "../../../../src/wire/plainbuffer/decode.ts";
import { encodeKey } from "../../../../src/wire/plainbuffer/encode.ts";
import { decodeTunnelToken } from "../../../../src/wire/tunnel-token.ts";

const table = new Table("first", {
  id: 1,
  createdAt: 0,
  reservedRaisedAt: 0,
  schema: {
    name: "t",
    key: [
      { name: "s", type: "string" },
      { name: "n", type: "integer" },
    ],
    definedColumns: [],
    options: defaultTableOptions,
    stream: { enabled: false },
    localTransactions: false,
    reserved: { read: 0, write: 0 },
    indexes: [],
  },
});

/** A table of so many megabytes, one key each. */
const sized = (megabytes: number) => ({
  splitPoints: async (_table: Table, bytes: number, limit: number) => {
    const step = bytes / 1024 / 1024;
    const points: Uint8Array[] = [];
    for (let at = step; at < megabytes && points.length < limit; at += step) points.push(encodeKey([{ name: "s", value: `k${at}` }]));
    return points;
  },
});
const keyOf = (base64: string) => decodeKey(Buffer.from(base64, "base64")).map(({ value }) => value);

it("ranges follow each other from INF_MIN to INF_MAX, each channel beginning at its first key", async () => {
  const channels = await baseChannels(sized(12), table);
  expect(channels.map(({ id, range }) => [id, keyOf(range!.start), keyOf(range!.end)])).toEqual([
    ["BaseData_0", [INF_MIN, INF_MIN], ["k4", INF_MIN]],
    ["BaseData_1", ["k4", INF_MIN], ["k8", INF_MIN]],
    ["BaseData_2", ["k8", INF_MIN], [INF_MAX, INF_MAX]],
  ]);
  for (const { checkpoint, range } of channels) {
    expect(Buffer.from(decodeTunnelToken(checkpoint).primaryKey!).toString("base64")).toBe(range!.start);
  }
});

it("a large table is cut into larger ranges, not into more than 256", async () => {
  expect(await baseChannels(sized(1000), table)).toHaveLength(250);
  expect(await baseChannels(sized(1024), table)).toHaveLength(256);
  expect(await baseChannels(sized(1028), table)).toHaveLength(65);
  expect((await baseChannels(sized(100_000), table)).length).toBe(98);
});
