import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import { ConnectionCut } from "../../../src/server/connection-cut.ts";
import { openEmbeddedServer } from "../../../src/server/embedded-server.ts";
import { listen, type HttpListener } from "../../../src/server/http-listener.ts";
import { operations, type OperationName } from "../../../src/wire/operation/operations.ts";
import type { Transport, WireRequest } from "../../../src/wire/transport.ts";
import { RawConnection, rawExchange } from "../support/raw-connection.ts";
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

describe("bytes on a connection", () => {
  const asked: WireRequest[] = [];
  let listener: HttpListener | undefined;
  let socketClock = new VirtualClock();
  afterEach(() => listener?.close());

  const echo: Transport = async ({ body }) => ({ status: 200, headers: {}, body });
  /** Connects to a listener of its own. */
  async function open(handler: Transport = echo): Promise<RawConnection> {
    asked.length = 0;
    socketClock = new VirtualClock();
    const seeing: Transport = (request, signal) => {
      asked.push(request);
      return handler(request, signal);
    };
    listener = await listen(seeing, { host: "127.0.0.1", port: 0, clock: new VirtualClock(), socketClock });
    return RawConnection.open(listener.port);
  }
  const post = (body: string, ...lines: readonly string[]) =>
    ["POST /GetRow HTTP/1.1", "host: x", `content-length: ${body.length}`, ...lines, "", body].join("\r\n");
  const bodyOf = (reply: string) => reply.slice(reply.indexOf("\r\n\r\n") + 4);
  const statusOf = (reply: string) => Number(reply.slice(9, 12));

  it("make the same request wherever they are cut", async () => {
    const client = await open();
    const chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nT: x\r\n\r\n";
    for (const request of [post("hello"), chunked]) {
      for (let at = 1; at < request.length; at++) {
        await client.sendInPieces([request.slice(0, at), request.slice(at)]);
        expect(bodyOf(await client.reply())).toBe("hello");
      }
      await client.sendInPieces(request.split(""));
      expect(bodyOf(await client.reply())).toBe("hello");
    }
    client.socket.destroy();
  });

  it("make requests that are answered in order wherever they are cut", async () => {
    const client = await open();
    const three = `${post("one")}\r\n${post("")}${post("three")}`;
    for (let at = 1; at < three.length; at += 7) {
      await client.sendInPieces([three.slice(0, at), three.slice(at)]);
      expect([bodyOf(await client.reply()), bodyOf(await client.reply()), bodyOf(await client.reply())]).toEqual(["one", "", "three"]);
    }
    client.socket.destroy();
  });

  it.each([
    ["no request at all", "hello\r\n\r\n", 400],
    ["the beginning of TLS", "\x16\x03\x01\x02\0\x01\0\r\n\r\n", 400],
    ["lines that end without CR", "POST / HTTP/1.1\nhost: x\n\n", 400],
    ["a length in two ways", post("5\r\nhello\r\n0\r\n\r\n", "transfer-encoding: chunked"), 400],
    ["two lengths", post("hello", "content-length: 6"), 400],
    ["a folded header", post("", "x-ots-a: 1", "  2"), 400],
    ["chunks that are none", "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nhello", 400],
    ["an expectation that is not known", post("hello", "expect: 200-ok"), 417],
    ["a head without end", `POST / HTTP/1.1\r\nx-big: ${"y".repeat(100_000)}`, 431],
    ["a head that is too long", post("", `x-big: ${"y".repeat(16 * 1024)}`), 431],
  ])("that are %s are refused, and nothing behind them is read", async (_what, bytes, status) => {
    const client = await open();
    client.send(`${bytes}${post("smuggled")}`);
    const replies = await client.everything;
    expect([statusOf(replies), replies.match(/HTTP\/1\.1 /g)]).toEqual([status, ["HTTP/1.1 "]]);
    expect(asked).toEqual([]);
  });

  it("may be a head as long as it is allowed", async () => {
    const client = await open();
    const room = 16 * 1024 - post("", "x-big: ").length;
    client.send(post("hello", `x-big: ${"y".repeat(room)}`));
    expect(bodyOf(await client.reply())).toBe("hello");
    client.socket.destroy();
  });

  it("of HTTP/1.0 are answered, and the connection is closed", async () => {
    await open();
    const replies = await rawExchange(listener!.port, "POST /a HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nhi");
    expect(replies).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n.*hi$/s);
  });

  it("that name a whole address mean its path", async () => {
    const client = await open();
    client.send(post("hello").replace("/GetRow", "http://store:80/GetRow?x=1"));
    await client.reply();
    expect(asked[0]!.path).toBe("/GetRow?x=1");
    client.socket.destroy();
  });

  it("that ask with HEAD are refused without a body, and others that are not POST with one", async () => {
    const client = await open();
    client.send(post("hello").replace("POST", "PATCH"));
    expect(await client.reply()).toContain("OTSMethodNotAllowed");
    client.send(post("hello", "connection: close").replace("POST", "HEAD"));
    expect(await client.everything).toMatch(/OTSMethodNotAllowed.*HTTP\/1\.1 405 .*content-length: [1-9].*\r\n\r\n$/s);
  });

  it("of a body are asked for where the client waits for that", async () => {
    const client = await open();
    const [head = "", body = ""] = post("hello", "expect: 100-continue").split(/(?<=\r\n\r\n)/);
    client.send(head);
    expect(await client.reply()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    client.send(body);
    expect(bodyOf(await client.reply())).toBe("hello");
    client.send(head + body);
    expect(statusOf(await client.reply())).toBe(200);
    client.socket.destroy();
  });

  it("may be the client's last, and are answered all the same", async () => {
    const client = await open();
    client.socket.end(`${post("one")}${post("two")}POST / HT`, "latin1");
    const replies = await client.everything;
    expect(replies.match(/(one|two)/g)).toEqual(["one", "two"]);
  });

  it("of a head that stop coming are refused after 10 s", async () => {
    const client = await open();
    client.send(`${post("hello")}POST / HT`);
    await client.reply();
    await socketClock.advance(9_000);
    expect(client.closed).toBe(false);
    await socketClock.advance(3_000);
    expect(statusOf(await client.reply())).toBe(408);
    await client.everything;
  });

  it("of a body that come slower and slower are refused after 60 s", async () => {
    const client = await open();
    client.send(`${post("hello")}${post("hello").slice(0, -1)}`);
    await client.reply();
    await socketClock.advance(59_000);
    expect(client.closed).toBe(false);
    await socketClock.advance(3_000);
    expect(statusOf(await client.reply())).toBe(408);
    expect(asked).toHaveLength(1);
  });

  it("that do not come close a connection after 75 s, and one that was never used after 10 s", async () => {
    const used = await open();
    used.send(post("hello"));
    await used.reply();
    const fresh = await RawConnection.open(listener!.port);
    await expect.poll(() => listener!.connections).toBe(2);
    await socketClock.advance(12_000);
    expect(await fresh.everything).toBe("");
    await socketClock.advance(62_000);
    expect(used.closed).toBe(false);
    await socketClock.advance(3_000);
    await used.everything;
    expect(listener!.connections).toBe(0);
  });

  it("of an answer that a client does not read are all that is held for it", async () => {
    const client = await open(async () => ({ status: 200, headers: {}, body: Buffer.alloc(16 * 1024 * 1024) }));
    client.socket.pause();
    client.send(post("one") + post("two") + post("three", "connection: close"));
    await expect.poll(() => asked.length).toBe(1);
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    expect(asked).toHaveLength(1);
    client.socket.resume();
    expect((await client.everything).length).toBeGreaterThan(3 * 16 * 1024 * 1024);
    expect(asked).toHaveLength(3);
  });

  it("of an answer that a client never reads are dropped after 60 s, and their memory is others'", async () => {
    const client = await open(async () => ({ status: 200, headers: {}, body: Buffer.alloc(16 * 1024 * 1024) }));
    client.socket.pause();
    client.send(post("one"));
    await expect.poll(() => asked.length).toBe(1);
    await socketClock.advance(62_000);
    await expect.poll(() => listener!.connections).toBe(0);
    client.socket.destroy();
  });

  it("tell who waits for something when their client has gone away", async () => {
    const gone = Promise.withResolvers<void>();
    const client = await open((_request, signal) => {
      signal?.addEventListener("abort", () => gone.resolve());
      return new Promise(() => undefined);
    });
    client.send(post("hello", "x-tableferry-wait: 1000"));
    await expect.poll(() => asked.length).toBe(1);
    client.socket.destroy();
    await gone.promise;
  });

  it("of a reply that is cut are half of it, under a head that promises all", async () => {
    const client = await open(async ({ body }) => {
      throw new ConnectionCut({ reply: body });
    });
    client.send(post("0123456789"));
    expect(await client.everything).toMatch(/^HTTP\/1\.1 200 OK\r\n.*content-length: 10\r\n.*\r\n\r\n01234$/s);
  });

  it("kept by a handler stay what they were", async () => {
    const client = await open();
    client.send(post("first") + post("other"));
    await client.reply();
    await client.reply();
    client.send(post("third"));
    await client.reply();
    expect(asked.map(({ body }) => Buffer.from(body).toString())).toEqual(["first", "other", "third"]);
    client.socket.destroy();
  });
});
