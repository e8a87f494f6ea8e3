import { readFileSync } from "node:fs";
import { openHttpTransport } from "../../../src/client/http-transport.ts";
import { signedRequest } from "../../../src/wire/headers.ts";
import type { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import { batchWriteRow } from "../../../src/wire/operation/batch-write-row.ts";
import { getRange } from "../../../src/wire/operation/get-range.ts";
import { getRow } from "../../../src/wire/operation/get-row.ts";
import { putRow } from "../../../src/wire/operation/put-row.ts";
import { encodeKey } from "../../../src/wire/plainbuffer/encode.ts";
import { changeOf, type Order } from "../corpus.ts";
import { argument } from "../measure.ts";

/** Requests to the embedded store, or to the echo, by a client that does as little as one can: sign, send, look at the status. */
export function openStore(connections: number) {
  const keys: { accessKeyId: string; accessKeySecret: string } = JSON.parse(readFileSync(argument("keys"), "utf8"));
  const key = { id: keys.accessKeyId, secret: keys.accessKeySecret };
  const http = openHttpTransport({ endpoint: argument("endpoint"), connections, responseBytesMax: 64 << 20 });
  return {
    async send(operation: string, body: Uint8Array): Promise<Uint8Array> {
      const { status, body: reply } = await http.transport(signedRequest(operation, "legacy", key, body, Date.now()));
      if (status !== 200) throw new Error(`${operation} answered ${status}`);
      return reply;
    },
    close: () => http.close(),
  };
}

const tableName = "orders";
const condition = { existence: "ignore" } as const;
const keyOf = (customer: string, order: bigint) => [
  { name: "customer", value: customer },
  { name: "order", value: order },
];
export const putBody = (order: Order) => putRow.encodeRequest({ tableName, change: changeOf(order), condition });

export const batchBody = (batch: readonly Order[]) =>
  batchWriteRow.encodeRequest({
    tables: [{ tableName, rows: batch.map((order) => ({ type: "put", change: changeOf(order), condition })) }],
  });

/** A key of which every column is this bound. */
export const wholeKey = (bound: typeof INF_MIN | typeof INF_MAX) =>
  encodeKey([
    { name: "customer", value: bound },
    { name: "order", value: bound },
  ]);

export const rangeBody = (start: Uint8Array, end: Uint8Array, limit: number) =>
  getRange.encodeRequest({ tableName, direction: "forward", start, end, limit, selection: { maxVersions: 1 } });

/** The row of the corpus with this number, whose key says it. */
export const getBody = (i: number) =>
  getRow.encodeRequest({
    tableName,
    key: encodeKey(keyOf(`customer-${String(Math.floor(i / 10)).padStart(8, "0")}`, BigInt(i))),
    selection: { maxVersions: 1 },
  });
