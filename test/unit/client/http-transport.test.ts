import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openHttpTransport, type HttpTransport } from "../../../src/client/http-transport.ts";

type Handler = (request: IncomingMessage, body: Buffer, response: ServerResponse) => void;
let handler: Handler = (_request, _body, response) => response.end();
let endpoint = "";
let opened: HttpTransport[] = [];
let sockets = 0;
let server = createServer();

beforeEach(async () => {
  sockets = 0;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => handler(request, Buffer.concat(chunks), response));
  });
  server.on("connection", () => sockets++);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await Promise.all(opened.map((one) => one.close()));
  opened = [];
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

function open(options: { connections?: number; responseBytesMax?: number; endpoint?: string } = {}) {
  const http = openHttpTransport({ endpoint, connections: 4, responseBytesMax: 1 << 20, ...options });
  opened.push(http);
  return http.transport;
}
const request = (body: Uint8Array = new Uint8Array(0)) => ({ path: "/ListTable", headers: { "x-ots-instancename": "inst" }, body });
const failureOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    return { accepted: await call };
  } catch (error) {
    return error;
  }
};

describe("an exchange over HTTP", () => {
  test("posts path, headers and body as they are", async () => {
    handler = ({ method, url, headers }, body, response) =>
      response.end(JSON.stringify([method, url, headers["x-ots-instancename"], body.toString("hex")]));
    const { body } = await open()(request(Uint8Array.of(0, 1, 255)));
    expect(JSON.parse(Buffer.from(body).toString())).toEqual(["POST", "/ListTable", "inst", "0001ff"]);
  });
  test("gives status, lower-case headers and body, errors too", async () => {
    handler = (_request, _body, response) => {
      response.writeHead(404, { "X-OTS-RequestId": "0001" });
      response.end("body");
    };
    const reply = await open()(request());
    expect([reply.status, reply.headers["x-ots-requestid"], Buffer.from(reply.body).toString()]).toEqual([404, "0001", "body"]);
  });
  test("gathers a body that comes in pieces", async () => {
    handler = (_request, _body, response) => {
      for (let i = 0; i < 50; i++) response.write(Buffer.alloc(10_000, i));
      response.end();
    };
    expect((await open()(request())).body).toHaveLength(500_000);
  });
  test("keeps connections for the next ones", async () => {
    handler = (_request, _body, response) => response.end();
    const transport = open();
    for (let i = 0; i < 20; i++) await transport(request());
    // A second one: the pool may be asked again before the first connection counts as free.
    expect(sockets).toBeLessThanOrEqual(2);
  });
  test("opens no more connections than allowed", async () => {
    handler = (_request, _body, response) => {
      setImmediate(() => response.end());
    };
    const transport = open({ connections: 2 });
    await Promise.all(Array.from({ length: 20 }, () => transport(request())));
    expect(sockets).toBe(2);
  });
});

describe("an exchange that fails", () => {
  test("was not sent when nobody listens", async () => {
    const transport = open({ endpoint: "http://127.0.0.1:1" });
    expect(await failureOf(transport(request()))).toMatchObject({ code: "TF_CONNECTION", sent: false });
  });
  test("was sent when the connection breaks before the answer", async () => {
    handler = (incoming) => incoming.socket.destroy();
    expect(await failureOf(open()(request()))).toMatchObject({ code: "TF_CONNECTION", sent: true });
  });
  test("was sent when the answer is cut off", async () => {
    handler = (_request, _body, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.socket?.destroy());
    };
    expect(await failureOf(open()(request()))).toMatchObject({ code: "TF_CONNECTION", sent: true });
  });
  test("refuses an answer that is too long", async () => {
    handler = (_request, _body, response) => {
      response.on("error", () => undefined);
      response.end(Buffer.alloc(100_000));
    };
    expect(String(await failureOf(open({ responseBytesMax: 50_000 })(request())))).toContain("longer than 50000 bytes");
  });
  test("ends with the signal's reason when aborted", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    handler = () => stop.abort(reason);
    expect(await failureOf(open()(request(), stop.signal))).toBe(reason);
  });
  test("is not begun when the signal is aborted already", async () => {
    const reason = new Error("enough");
    expect(await failureOf(open()(request(), AbortSignal.abort(reason)))).toBe(reason);
    expect(sockets).toBe(0);
  });
});

test.each([
  ["https://instance.example", true],
  ["http://127.0.0.1:1", true],
  ["http://localhost:1", true],
  ["http://[::1]:1", true],
  ["http://instance.example", false],
  ["http://127.0.0.1.example", false],
  ["http://10.0.0.1", false],
])("the way to %s is guarded: %s", async (where, guarded) => {
  const http = openHttpTransport({ endpoint: where, connections: 1, responseBytesMax: 1 });
  opened.push(http);
  expect(http.guarded).toBe(guarded);
});

test.each(["127.0.0.1:8087", "ftp://host", "http://host/path", "http://host?x=1", ""])("the endpoint '%s' is refused", (wrong) => {
  expect(() => openHttpTransport({ endpoint: wrong, connections: 1, responseBytesMax: 1 })).toThrow("TF_SPEC_INVALID");
});
