import fc from "fast-check";
import { expect, it } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import { openEmbeddedServer } from "../../../src/server/embedded-server.ts";
import { operations, type OperationName } from "../../../src/wire/operation/operations.ts";
import { Caller, deleteRequest, keyBytes, putRequest, tableRequest, updateRequest } from "../../conformance/caller.ts";

const selection = {
  maxVersions: 1,
  columns: ["c", "d"],
  filter: { type: "column", name: "c", comparator: "equal", value: 1n, filterIfMissing: false, latestVersionOnly: true },
} as const;
const condition = { existence: "ignore", filter: selection.filter } as const;
const cells = { c: 1n, d: "text", e: true, f: 1.5, g: Uint8Array.of(1, 2) };
const put = putRequest("t", { pk: "a" }, cells, condition);

/** A request of every operation that takes one. */
const bodies: readonly (readonly [OperationName, Uint8Array])[] = [
  ["CreateTable", operations.CreateTable.encodeRequest(tableRequest("u", [{ name: "pk", type: "string" }]))],
  ["DescribeTable", operations.DescribeTable.encodeRequest({ tableName: "t" })],
  ["UpdateTable", operations.UpdateTable.encodeRequest({ tableName: "t", options: { maxVersions: 2 }, reserved: { read: 1, write: 1 } })],
  ["DeleteTable", operations.DeleteTable.encodeRequest({ tableName: "x" })],
  ["GetRow", operations.GetRow.encodeRequest({ tableName: "t", key: keyBytes({ pk: "a" }), selection })],
  ["PutRow", operations.PutRow.encodeRequest(put)],
  [
    "UpdateRow",
    operations.UpdateRow.encodeRequest(
      updateRequest(
        "t",
        { pk: "a" },
        [
          { op: "increment", name: "c", by: 1n },
          { op: "deleteAll", name: "d" },
        ],
        condition,
      ),
    ),
  ],
  ["DeleteRow", operations.DeleteRow.encodeRequest(deleteRequest("t", { pk: "b" }, condition))],
  [
    "BatchWriteRow",
    operations.BatchWriteRow.encodeRequest({
      tables: [
        {
          tableName: "t",
          rows: [
            { ...put, type: "put" },
            { ...put, type: "put" },
          ],
        },
      ],
    }),
  ],
  [
    "BatchGetRow",
    operations.BatchGetRow.encodeRequest({ tables: [{ tableName: "t", keys: [keyBytes({ pk: "a" })], tokens: [], selection }] }),
  ],
  [
    "GetRange",
    operations.GetRange.encodeRequest({
      tableName: "t",
      direction: "forward",
      selection,
      start: keyBytes({ pk: INF_MIN }),
      end: keyBytes({ pk: INF_MAX }),
    }),
  ],
  [
    "BulkImport",
    operations.BulkImport.encodeRequest({
      tableName: "t",
      rows: [
        { ...put, type: "put" },
        { ...put, type: "update" },
      ],
    }),
  ],
  ...(["plainBuffer", "simpleRowMatrix"] as const).map((blockType): readonly [OperationName, Uint8Array] => [
    "BulkExport",
    operations.BulkExport.encodeRequest({
      tableName: "t",
      columns: ["c", "d", "pk"],
      start: keyBytes({ pk: INF_MIN }),
      end: keyBytes({ pk: INF_MAX }),
      filter: selection.filter,
      blockType,
    }),
  ]),
  ["AddDefinedColumn", operations.AddDefinedColumn.encodeRequest({ tableName: "t", columns: [{ name: "z", type: "double" }] })],
  ["DeleteDefinedColumn", operations.DeleteDefinedColumn.encodeRequest({ tableName: "t", columns: ["z"] })],
  ["ComputeSplitPointsBySize", operations.ComputeSplitPointsBySize.encodeRequest({ tableName: "t", splitSize: 1, splitPointLimit: 3 })],
];

it("a broken request is answered or refused, and never a fault of the server", async () => {
  const clock = new VirtualClock();
  const server = await openEmbeddedServer({ http: false, clock, instances: ["one", "two"] });
  const caller = new Caller(server.handler, clock, server.rootKey, "one");
  const neighbour = caller.on("two");
  for (const each of [caller, neighbour]) {
    await each.createTable("t", [{ name: "pk", type: "string" }]);
    await each.put("t", { pk: "a" }, cells);
  }
  const untouched = await neighbour.get("t", { pk: "a" });

  await sendBroken(caller, bodies, 6000);

  expect(await neighbour.get("t", { pk: "a" })).toEqual(untouched);
  await server.close();
}, 60_000);

it("so is a broken call within a transaction", async () => {
  const clock = new VirtualClock();
  const server = await openEmbeddedServer({ http: false, clock, instances: ["one"] });
  const caller = new Caller(server.handler, clock, server.rootKey, "one");
  const keys = [
    { name: "pk", type: "string" },
    { name: "n", type: "integer" },
  ] as const;
  await caller.call("CreateTable", { ...tableRequest("t", keys), localTransactions: true });
  const { transactionId } = await caller.call("StartLocalTransaction", { tableName: "t", key: keyBytes({ pk: "a" }) });
  const key = { pk: "a", n: 1n };
  const change = putRequest("t", key, cells, condition);
  const increment = updateRequest("t", key, [{ op: "increment", name: "c", by: 1n }], condition);
  const batch = { tables: [{ tableName: "t", rows: [{ ...change, type: "put" as const }] }], transactionId };
  const ends = { start: keyBytes({ pk: "a", n: INF_MIN }), end: keyBytes({ pk: "a", n: INF_MAX }) };
  const withinBodies: (readonly [OperationName, Uint8Array])[] = [
    ["PutRow", operations.PutRow.encodeRequest({ ...change, transactionId })],
    ["UpdateRow", operations.UpdateRow.encodeRequest({ ...increment, transactionId })],
    ["DeleteRow", operations.DeleteRow.encodeRequest({ ...deleteRequest("t", key), transactionId })],
    ["BatchWriteRow", operations.BatchWriteRow.encodeRequest(batch)],
    ["BatchWriteRow", operations.BatchWriteRow.encodeRequest({ ...batch, atomic: true })],
    ["GetRow", operations.GetRow.encodeRequest({ tableName: "t", key: keyBytes(key), selection, transactionId })],
    ["GetRange", operations.GetRange.encodeRequest({ tableName: "t", direction: "forward", selection, ...ends, transactionId })],
    ["StartLocalTransaction", operations.StartLocalTransaction.encodeRequest({ tableName: "t", key: keyBytes({ pk: "b" }) })],
    ["CommitTransaction", operations.CommitTransaction.encodeRequest({ transactionId: "0".repeat(32) })],
    ["AbortTransaction", operations.AbortTransaction.encodeRequest({ transactionId: "0".repeat(32) })],
  ];
  await sendBroken(caller, withinBodies, 4000);
  await caller.call("CommitTransaction", { transactionId });
  await server.close();
}, 60_000);

it("so is a broken call of a tunnel's client", async () => {
  const clock = new VirtualClock();
  const server = await openEmbeddedServer({ http: false, clock, instances: ["one"] });
  const caller = new Caller(server.handler, clock, server.rootKey, "one");
  await caller.createTable("t", [{ name: "pk", type: "string" }]);
  await caller.put("t", { pk: "a" }, cells);
  const tunnel = { tableName: "t", tunnelName: "tunnel" };
  const streamConfig = { flag: "earliest", startOffset: 5n, endOffset: 2n ** 62n } as const;
  const { tunnelId } = await caller.call("tunnel/create", { ...tunnel, tunnelType: "BaseAndStream" });
  const { clientId } = await caller.call("tunnel/connect", { tunnelId });
  const { channels } = await caller.call("tunnel/heartbeat", { tunnelId, clientId, channels: [] });
  const { channelId } = channels[0]!;
  const { checkpoint } = await caller.call("tunnel/getcheckpoint", { tunnelId, clientId, channelId });
  const call = { tunnelId, clientId, channelId };
  const closed = channels.map((channel) => ({ ...channel, status: "close" as const, version: 2n, detail: Uint8Array.of(1) }));
  const tunnelBodies: (readonly [OperationName, Uint8Array])[] = [
    ["tunnel/create", operations["tunnel/create"].encodeRequest({ ...tunnel, tunnelType: "Stream", streamConfig })],
    ["tunnel/delete", operations["tunnel/delete"].encodeRequest({ ...tunnel, tunnelId: "another" })],
    ["tunnel/list", operations["tunnel/list"].encodeRequest({ tableName: "t" })],
    ["tunnel/describe", operations["tunnel/describe"].encodeRequest({ ...tunnel, tunnelId })],
    ["tunnel/connect", operations["tunnel/connect"].encodeRequest({ tunnelId, client: { timeoutSeconds: 300, tag: "tag" } })],
    ["tunnel/heartbeat", operations["tunnel/heartbeat"].encodeRequest({ tunnelId, clientId, channels: closed })],
    ["tunnel/getcheckpoint", operations["tunnel/getcheckpoint"].encodeRequest(call)],
    ["tunnel/readrecords", operations["tunnel/readrecords"].encodeRequest({ ...call, token: checkpoint })],
    ["tunnel/checkpoint", operations["tunnel/checkpoint"].encodeRequest({ ...call, checkpoint, sequenceNumber: 1n })],
    ["tunnel/getrpo", operations["tunnel/getrpo"].encodeRequest({ tunnelId, limit: 5 })],
    ["tunnel/schedule", operations["tunnel/schedule"].encodeRequest({ tunnelId, channels: closed })],
    ["tunnel/shutdown", operations["tunnel/shutdown"].encodeRequest({ tunnelId, clientId: "another" })],
  ];
  await sendBroken(caller, tunnelBodies, 4000);
  await server.close();
}, 60_000);

/** Sends bodies with bytes flipped, cut off and added; each must be answered or refused. */
async function sendBroken(caller: Caller, requests: readonly (readonly [OperationName, Uint8Array])[], numRuns: number): Promise<void> {
  const flip = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
  const broken = fc.record({
    body: fc.constantFrom(...requests),
    flips: fc.array(flip, { maxLength: 4 }),
    cut: fc.option(fc.nat()),
    more: fc.uint8Array({ maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(broken, async ({ body: [name, bytes], flips, cut, more }) => {
      const body = Buffer.concat([bytes.subarray(0, cut === null ? bytes.length : cut % (bytes.length + 1)), more]);
      for (const [at, by] of flips) if (body.length > 0) body[at % body.length]! ^= by;
      const { status } = await caller.send(name, body);
      expect(status === 200 || (status >= 400 && status < 500)).toBe(true);
    }),
    { numRuns },
  );
}
