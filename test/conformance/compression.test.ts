import { deflateRawSync, deflateSync, gzipSync, inflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { limits } from "../../src/model/limits.ts";
import { INF_MAX, INF_MIN } from "../../src/model/value.ts";
import { decodeErrorBody } from "../../src/wire/error-body.ts";
import { distrust, signedRequest } from "../../src/wire/headers.ts";
import { operations } from "../../src/wire/operation/operations.ts";
import { contentMd5, signRequest } from "../../src/wire/sign.ts";
import { keyBytes, putRequest, refusalOf, tableRequest } from "./caller.ts";
import { describeEverywhere, type Endpoint } from "./endpoints.ts";

function send({ transport, clock, server }: Endpoint, name: string, body: Uint8Array, more: Record<string, string> = {}) {
  const { "x-ots-signature": _, ...plain } = signedRequest(name, "first", server.rootKey, body, clock.now()).headers;
  const headers: Record<string, string> = { ...plain, ...more };
  headers["x-ots-signature"] = signRequest(`/${name}`, headers, server.rootKey.secret);
  return transport({ path: `/${name}`, headers, body });
}
const compressed = (size: number | string, type = "deflate") => ({
  "x-ots-request-compress-type": type,
  "x-ots-request-compress-size": String(size),
});
const asking = { "x-ots-response-compress-type": "deflate" };
const put = operations.PutRow.encodeRequest(putRequest("t", { pk: "a" }, { c: "x".repeat(20_000) }));
const scan = operations.GetRange.encodeRequest({
  tableName: "t",
  direction: "forward",
  selection: { maxVersions: 1 },
  start: keyBytes({ pk: INF_MIN }),
  end: keyBytes({ pk: INF_MAX }),
});
const withTable = async (open: () => Promise<Endpoint>) => {
  const endpoint = await open();
  await endpoint.caller.createTable("t", [{ name: "pk", type: "string" }]);
  return endpoint;
};

describeEverywhere("compression of requests", (open) => {
  it("the body is inflated, and its checksum is that of what was sent", async () => {
    const endpoint = await withTable(open);
    const body = deflateSync(put);
    expect((await send(endpoint, "PutRow", body, compressed(put.length))).status).toBe(200);
    expect(await endpoint.caller.get("t", { pk: "a" })).toBeDefined();
    const wrong = await send(endpoint, "PutRow", body, { ...compressed(put.length), "x-ots-contentmd5": contentMd5(put) });
    expect(refusalOf(wrong).text).toBe("Mismatch between MD5 value of request body and x-ots-contentmd5 in header.");
  });

  it("an empty body may be compressed", async () => {
    const endpoint = await open();
    expect((await send(endpoint, "ListTable", deflateSync(new Uint8Array(0)), compressed(0))).status).toBe(200);
  });

  it("is refused when it is of another kind, broken, cut off, or not of the size it declares", async () => {
    const endpoint = await withTable(open);
    const body = deflateSync(put);
    const wrong: readonly (readonly [Uint8Array, Record<string, string>])[] = [
      [gzipSync(put), compressed(put.length, "gzip")],
      [gzipSync(put), compressed(put.length)],
      [deflateRawSync(put), compressed(put.length)],
      [body.subarray(0, body.length - 5), compressed(put.length)],
      [put, compressed(put.length)],
      [body, compressed(put.length - 1)],
      [body, compressed(put.length + 1)],
      [body, compressed("-1")],
      [body, compressed("lots")],
      [body, { "x-ots-request-compress-type": "deflate" }],
    ];
    for (const [bytes, headers] of wrong) {
      expect(refusalOf(await send(endpoint, "PutRow", bytes, headers))).toMatchObject({ status: 400, code: "OTSParameterInvalid" });
    }
    expect(await endpoint.caller.get("t", { pk: "a" })).toBeUndefined();
  });

  it("inflates nothing beyond the limit of bodies, whatever it is told", async () => {
    const endpoint = await withTable(open);
    const tooLarge = { status: 413, code: "OTSRequestBodyTooLarge", text: "The size of POST data is too large." };
    const most = limits.requestBodyBytesMax;
    const bomb = deflateSync(Buffer.alloc(64 * most));
    expect(bomb.length).toBeLessThan(most);
    expect(refusalOf(await send(endpoint, "PutRow", bomb, compressed(64 * most)))).toEqual(tooLarge);
    expect(refusalOf(await send(endpoint, "PutRow", bomb, compressed("9999999999")))).toEqual(tooLarge);
    const before = process.memoryUsage().arrayBuffers;
    expect(refusalOf(await send(endpoint, "PutRow", bomb, compressed(1000))).code).toBe("OTSParameterInvalid");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * most);
  });
});

describeEverywhere("compression of replies", (open) => {
  it("happens only when it is asked for, and is signed and summed as the reference has it", async () => {
    const endpoint = await withTable(open);
    await send(endpoint, "PutRow", put);
    const plain = await send(endpoint, "GetRange", scan);
    expect(Object.keys(plain.headers).filter((name) => name.includes("compress"))).toEqual([]);
    const reply = await send(endpoint, "GetRange", scan, asking);
    expect(reply.headers["x-ots-response-compress-type"]).toBe("deflate");
    expect(Number(reply.headers["x-ots-response-compress-size"])).toBe(plain.body.length);
    expect(reply.body.length).toBeLessThan(plain.body.length / 10);
    const inflated = inflateSync(reply.body);
    expect(inflated.equals(plain.body)).toBe(true);
    expect(distrust("/GetRange", { ...reply, body: inflated }, endpoint.server.rootKey)).toBeUndefined();
  });

  it("leaves alone what would not become smaller: nothing, and short refusals", async () => {
    const endpoint = await open();
    const create = operations.CreateTable.encodeRequest(tableRequest("t", [{ name: "pk", type: "string" }]));
    for (const reply of [
      await send(endpoint, "CreateTable", create, asking),
      await send(endpoint, "Nonsense", new Uint8Array(0), asking),
    ]) {
      expect(reply.headers["x-ots-response-compress-size"]).toBeUndefined();
    }
  });

  it("a long refusal is compressed like any other reply", async () => {
    const endpoint = await open();
    const name = "N".repeat(2000);
    const reply = await send(endpoint, name, new Uint8Array(0), asking);
    expect(reply.status).toBe(400);
    expect(decodeErrorBody(inflateSync(reply.body), 400).text).toBe(`Unsupported operation: ${name}.`);
  });

  it("of a kind that is not known is not done", async () => {
    const endpoint = await withTable(open);
    await send(endpoint, "PutRow", put);
    const reply = await send(endpoint, "GetRange", scan, { "x-ots-response-compress-type": "br" });
    expect(reply.headers["x-ots-response-compress-size"]).toBeUndefined();
  });
});
