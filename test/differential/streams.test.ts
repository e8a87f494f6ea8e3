import { createRequire } from "node:module";
import TableStore from "tablestore";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signedRequest } from "../../src/wire/headers.ts";
import { fetchTransport } from "../conformance/endpoints.ts";
import { any, long, openSdk, refusal, shown } from "./sdk-endpoint.ts";

/**
 * The Node SDK switches streams on and off but has no calls to read them (reference 9). It does carry the service's own messages for them and a
 * reader of rows, which stand in for the calls here.
 */
let sdk: Awaited<ReturnType<typeof openSdk>>;
beforeAll(async () => {
  sdk = await openSdk();
});
afterAll(() => sdk.close());

interface Message {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): any;
}
const protos: { readonly main: { readonly proto: Readonly<Record<string, Message>> } } = createRequire(import.meta.url)(
  "tablestore/lib/protocol/tablestore_compiled_proto.js",
);

async function ask(operation: string, request: object): Promise<any> {
  const { endpoint, instanceName, accessKeyId, accessKeySecret } = sdk.store;
  const body = protos.main.proto[`${operation}Request`]!.encode(request).finish();
  const key = { id: accessKeyId, secret: accessKeySecret };
  const response = await fetchTransport(endpoint)(signedRequest(operation, instanceName, key, body, Date.now()));
  expect(response.status).toBe(200);
  return protos.main.proto[`${operation}Response`]!.decode(response.body);
}

async function createTable(tableName: string, streamSpecification: object): Promise<void> {
  await sdk.client.createTable({
    tableMeta: { tableName, primaryKey: [{ name: "a", type: "STRING" }] },
    reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
    tableOptions: { timeToLive: -1, maxVersions: 1 },
    streamSpecification,
  });
}

/** The row of a record as the SDK reads it, both checksums verified; it knows no extension (29 bytes before the row's checksum). */
function rowOf(record: Uint8Array): string {
  const bytes = Buffer.concat([record.subarray(0, -31), record.subarray(-2)]);
  const input = new TableStore.PlainBufferInputStream({ buffer: bytes, offset: 0, limit: bytes.length });
  return shown(new TableStore.PlainBufferCodedInputStream(input).readRow());
}

describe("the official SDK", () => {
  test("switches a stream on, sees it described, and switches it off", async () => {
    await createTable("described", { enableStream: true, expirationTime: 24 });
    const { streamDetails } = await sdk.client.describeTable({ tableName: "described" });
    expect(streamDetails).toMatchObject({ enableStream: true, streamId: expect.any(String), expirationTime: 24 });
    expect(Math.abs(Number(streamDetails.lastEnableTime) / 1000 - Date.now())).toBeLessThan(60_000);
    const update = (streamSpecification: object) =>
      sdk.client.updateTable({ tableName: "described", tableOptions: { maxVersions: 1 }, streamSpecification });
    expect((await update({ enableStream: true, expirationTime: 168 })).streamDetails).toMatchObject({
      streamId: streamDetails.streamId,
      expirationTime: 168,
    });
    expect((await update({ enableStream: false })).streamDetails.enableStream).toBe(false);
    const again = (await update({ enableStream: true, expirationTime: 1 })).streamDetails;
    expect(again.streamId).not.toBe(streamDetails.streamId);
  });

  test("is refused a stream that keeps records for too long", async () => {
    expect(await refusal(createTable("refused", { enableStream: true, expirationTime: 169 }))).toMatch(/^400 .*OTSParameterInvalid/);
  });

  test("reads a stream by the service's own messages until the iterator stays the same", async () => {
    await createTable("read", { enableStream: true, expirationTime: 24 });
    const primaryKey = [{ a: "k" }];
    await sdk.client.putRow({
      tableName: "read",
      condition: any(),
      primaryKey,
      attributeColumns: [{ c: "x", timestamp: Date.now() }, { b: long(5) }],
    });
    await sdk.client.updateRow({ tableName: "read", condition: any(), primaryKey, updateOfAttributeColumns: [{ PUT: [{ c: "y" }] }] });
    await sdk.client.deleteRow({ tableName: "read", condition: any(), primaryKey });

    const { streams } = await ask("ListStream", { tableName: "read" });
    expect(streams).toHaveLength(1);
    const [{ streamId }] = streams;
    const described = await ask("DescribeStream", { streamId });
    expect(described).toMatchObject({ streamId, tableName: "read", expirationTime: 24, streamStatus: 2 });
    const { shardIterator } = await ask("GetShardIterator", { streamId, shardId: described.shards[0].shardId });

    const rows: string[] = [];
    let iterator: string = shardIterator;
    for (;;) {
      const { streamRecords, nextShardIterator } = await ask("GetStreamRecord", { shardIterator: iterator, limit: 2 });
      for (const { actionType, record } of streamRecords) rows.push(`${actionType} ${rowOf(record)}`);
      if (nextShardIterator === iterator) break;
      iterator = nextShardIterator;
    }
    expect(rows).toEqual(['1 a="k" | b=5 c="x"', '2 a="k" | c="y"', '3 a="k" |']);
  });
});
