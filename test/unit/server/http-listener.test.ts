import { connect } from "node:net";
import { request as httpRequest } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { listen, type HttpListener } from "../../../src/server/http-listener.ts";
import { servePages } from "../../../src/server/page-listener.ts";
import { decodeErrorBody } from "../../../src/wire/error-body.ts";
import type { Transport, WireRequest } from "../../../src/wire/transport.ts";
import { rawExchange } from "../support/raw-connection.ts";

let listener: HttpListener | undefined;
afterEach(() => listener?.close());

const echo: Transport = async ({ body }) => ({ status: 200, headers: { "x-ots-requestid": "1" }, body });
const start = async (handler: Transport) => (listener = await listen(handler, { host: "127.0.0.1", port: 0, clock: new VirtualClock() }));

describe("HTTP listener", () => {
  it("passes path, headers in lower case and body, and sends what is answered", async () => {
    const seen: WireRequest[] = [];
    const { endpoint } = await start(async (request) => {
      seen.push(request);
      return { status: 403, headers: { "x-ots-requestid": "7" }, body: Buffer.from("no") };
    });
    const response = await fetch(`${endpoint}/tunnel/create`, { method: "POST", headers: { "X-Ots-Date": "now" }, body: "hello" });
    expect([response.status, response.headers.get("x-ots-requestid"), await response.text()]).toEqual([403, "7", "no"]);
    expect([seen[0]!.path, seen[0]!.headers["x-ots-date"], Buffer.from(seen[0]!.body).toString()]).toEqual([
      "/tunnel/create",
      "now",
      "hello",
    ]);
  });

  it("refuses everything but POST in the service's words", async () => {
    const { endpoint } = await start(echo);
    for (const method of ["GET", "PUT", "DELETE"]) {
      const response = await fetch(`${endpoint}/`, { method });
      const error = decodeErrorBody(new Uint8Array(await response.arrayBuffer()), response.status);
      expect([response.status, error]).toEqual([405, { code: "OTSMethodNotAllowed", text: "Only POST method for requests is supported." }]);
    }
  });

  it("refuses everything but GET and POST in the control plane's words on its paths", async () => {
    const { endpoint } = await start(echo);
    const refused = await fetch(`${endpoint}/v2/openapi/getinstance`, { method: "DELETE" });
    expect([refused.status, await refused.json()]).toEqual([
      405,
      { RequestId: "-", Code: "UnsupportedHTTPMethod", Message: "Only GET and POST are supported." },
    ]);
  });

  it("keeps connections alive", async () => {
    const { port } = await start(echo);
    const reply = await rawExchange(
      port,
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\naPOST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\nconnection: close\r\n\r\nb",
    );
    expect(reply.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });

  it("cuts off headers beyond 16 KB", async () => {
    const { port } = await start(echo);
    expect(await rawExchange(port, `POST / HTTP/1.1\r\nhost: x\r\nx-big: ${"y".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431/);
  });

  it("does not hold more of a body than its limit", async () => {
    let longest = 0;
    const { endpoint } = await start(async ({ body }) => {
      longest = Math.max(longest, body.length);
      return { status: 413, headers: {}, body: new Uint8Array(0) };
    });
    const response = await fetch(endpoint, { method: "POST", body: new Uint8Array(20 * 1024 * 1024) });
    expect(response.status).toBe(413);
    expect(longest).toBeGreaterThan(5 * 1024 * 1024);
    expect(longest).toBeLessThan(6 * 1024 * 1024);
  });

  it("tells a client that it is busy when bodies take all the memory there is for them, and serves it again later", async () => {
    const release = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    listener = await listen(
      async (request) => {
        arrived.resolve();
        await release.promise;
        return echo(request);
      },
      { host: "127.0.0.1", port: 0, clock: new VirtualClock(), bodiesBytesMax: 1_000_000 },
    );
    const { endpoint } = listener;
    const large = (path = "") => fetch(endpoint + path, { method: "POST", body: new Uint8Array(900_000) });
    const first = large();
    await arrived.promise;
    const refused = await large();
    expect([refused.status, decodeErrorBody(new Uint8Array(await refused.arrayBuffer()), 503).code]).toEqual([503, "OTSServerBusy"]);
    const call = await large("/v2/openapi/createinstance");
    expect([call.status, await call.json()]).toEqual([503, { RequestId: "-", Code: "ServiceUnavailable", Message: "Server is busy." }]);
    release.resolve();
    expect((await (await first).arrayBuffer()).byteLength).toBe(900_000);
    expect((await (await large()).arrayBuffer()).byteLength).toBe(900_000);
  });

  it("holds one request of a connection at a time, however many a client sends ahead, and answers in order", async () => {
    let current = 0;
    let most = 0;
    const { port } = await start(async ({ body }) => {
      most = Math.max(most, ++current);
      await new Promise((resolve) => setImmediate(resolve));
      current--;
      return { status: 200, headers: {}, body };
    });
    const bodies = Array.from({ length: 50 }, (_, i) => `body${String(i).padStart(2, "0")}`);
    const requests = bodies.map((body, i) => {
      const last = i === bodies.length - 1 ? "connection: close\r\n" : "";
      return `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n${last}\r\n${body}`;
    });
    const replies = await rawExchange(port, requests.join(""));
    expect(replies.match(/body\d\d/g)).toEqual(bodies);
    expect(most).toBe(1);
  });

  it("counts open connections", async () => {
    const { port } = await start(echo);
    expect(listener!.connections).toBe(0);
    const socket = connect(port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: "x", headers: { connection: "close" } });
    expect(listener!.connections).toBeGreaterThanOrEqual(1);
    socket.destroy();
  });

  it("survives clients that go away in the middle, and serves the next", async () => {
    const { port, endpoint } = await start(echo);
    await new Promise<void>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf"));
      socket.on("ready", () => setImmediate(() => socket.destroy()));
      socket.on("close", () => resolve());
    });
    expect(await (await fetch(endpoint, { method: "POST", body: "x" })).text()).toBe("x");
  });

  it("lets a request under way finish when it is closed, and takes no new one", async () => {
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const { endpoint, close } = await start(async () => {
      arrived.resolve();
      await answer.promise;
      return { status: 200, headers: {}, body: Buffer.from("done") };
    });
    const request = fetch(endpoint, { method: "POST", body: "x" });
    await arrived.promise;
    const closed = close();
    answer.resolve();
    expect(await (await request).text()).toBe("done");
    await closed;
    await expect(fetch(endpoint, { method: "POST", body: "x" })).rejects.toThrow();
  });

  it("says which address cannot be listened on", async () => {
    const { port } = await start(echo);
    const second = listen(echo, { host: "127.0.0.1", port, clock: new VirtualClock() });
    await expect(second).rejects.toMatchObject({ code: "TF_ADDRESS_IN_USE", place: `127.0.0.1:${port}` });
  });

  it("closes the connection without an answer when the handler fails", async () => {
    const { port } = await start(async () => {
      throw new Error("broken promise");
    });
    await expect(
      new Promise((resolve, reject) => {
        httpRequest({ port, host: "127.0.0.1", method: "POST" }, resolve).on("error", reject).end("x");
      }),
    ).rejects.toMatchObject({ code: "ECONNRESET" });
  });
});

describe("a page", () => {
  it("is what its function says, at its path, for GET only", async () => {
    let count = 0;
    const page = await servePages({ "/metrics": () => ({ status: 200, text: `count ${++count}\n` }) }, { host: "127.0.0.1", port: 0 });
    const ask = async (path: string, method = "GET") => {
      const response = await fetch(`${page.endpoint}${path}`, { method, headers: { connection: "close" } });
      return [response.status, await response.text()];
    };
    expect(await ask("/metrics")).toEqual([200, "count 1\n"]);
    expect(await ask("/metrics")).toEqual([200, "count 2\n"]);
    expect(await ask("/metrics", "POST")).toEqual([404, ""]);
    expect(await ask("/GetRow")).toEqual([404, ""]);
    await page.close();
  });
});
