import { readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { openHttpTransport, type HttpTransport, type HttpTransportOptions } from "../../../src/client/http-transport.ts";

/** What a server does with the bytes of each connection, and what a client over it does with the answers. */
type Talk = (socket: Socket, received: string) => void;

const opened: HttpTransport[] = [];
const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(opened.splice(0).map((one) => one.close()));
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server, talk: Talk, opening: "connection" | "secureConnection" = "connection"): Promise<number> {
  servers.push(server);
  server.on(opening, (socket: Socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => talk(socket, bytes.toString("latin1")));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}
async function overPlain(talk: Talk, options: Partial<HttpTransportOptions> = {}) {
  const port = await listen(createServer(), talk);
  return open({ endpoint: `http://127.0.0.1:${port}`, ...options });
}
function open(options: Pick<HttpTransportOptions, "endpoint"> & Partial<HttpTransportOptions>) {
  const http = openHttpTransport({ connections: 1, responseBytesMax: 1 << 20, ...options });
  opened.push(http);
  return http.transport;
}
const request = (extra: { path?: string; headers?: Record<string, string>; body?: Uint8Array; beforeSend?: () => void } = {}) => ({
  path: "/ListTable",
  headers: {},
  body: new Uint8Array(0),
  ...extra,
});
const reply = (body: string, ...headers: string[]) =>
  ["HTTP/1.1 200 OK", `content-length: ${body.length}`, ...headers, "", body].join("\r\n");
const textOf = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).toString("latin1");
const failureOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    return { accepted: await call };
  } catch (error) {
    return error;
  }
};

describe("a connection", () => {
  test("understands a reply whose head and body come byte by byte", async () => {
    const transport = await overPlain((socket) => {
      const text = `HTTP/1.1 100 Continue\r\n\r\n${reply("hello", "x-ots-requestid: 7")}`;
      const next = (at: number): void => void (at < text.length && socket.write(text[at]!, () => next(at + 1)));
      next(0);
    });
    const { headers, ...rest } = await transport(request());
    expect([textOf(rest), headers["x-ots-requestid"]]).toEqual(["hello", "7"]);
  });
  test("takes a body until the end of the connection", async () => {
    const transport = await overPlain((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nhello"));
    expect(textOf(await transport(request()))).toBe("hello");
  });
  test("is used again behind a reply, and not when the other side closes it", async () => {
    let count = 0;
    const seen = new Set<Socket>();
    const transport = await overPlain((socket) => {
      seen.add(socket);
      socket.write(reply("x", ...(++count === 2 ? ["connection: close"] : [])));
    });
    for (let i = 0; i < 3; i++) await transport(request());
    expect(seen.size).toBe(2);
  });
  test("is not used again when the answer came before the request was out", async () => {
    const seen = new Set<Socket>();
    const transport = await overPlain((socket) => {
      if (seen.has(socket)) return;
      seen.add(socket);
      socket.pause();
      socket.write(reply("too much"));
    });
    // More than the buffers of both kernels hold, so that most of it waits here.
    await transport(request({ body: new Uint8Array(64 << 20) }));
    await transport(request());
    expect(seen.size).toBe(2);
  });
  test("that answers more than it was asked is not trusted further", async () => {
    const seen = new Set<Socket>();
    const transport = await overPlain((socket) => {
      seen.add(socket);
      socket.write(seen.size === 1 ? `${reply("one")}${reply("two")}` : reply("three"));
    });
    expect(await failureOf(transport(request()))).toMatchObject({ code: "TF_CONNECTION", sent: true });
    expect(textOf(await transport(request()))).toBe("three");
  });
  test("gives its place to who waits, when it breaks", async () => {
    let count = 0;
    const transport = await overPlain((socket) => void (++count === 1 ? socket.destroy() : socket.write(reply("x"))));
    const [first, second] = await Promise.all([failureOf(transport(request())), failureOf(transport(request()))]);
    expect([first, second]).toMatchObject([{ sent: true }, { accepted: { status: 200 } }]);
  });
  test.each([
    ["a line of its own", "a\r\nx-ots-signature: b"],
    ["a character that becomes the end of a line in one byte", "\u010a"],
    ["a zero", "a\0b"],
  ])("never sends a header that holds %s", async (_what, value) => {
    let received = "";
    const transport = await overPlain((socket, text) => {
      received += text;
      socket.write(reply("x"));
    });
    expect(await failureOf(transport(request({ headers: { "x-ots-instancename": value } })))).toMatchObject({ code: "TF_SPEC_INVALID" });
    await transport(request({ path: "/next" }));
    expect(received).toMatch(/^POST \/next /);
  });
  test("is over for a request that is aborted while it waits, which is never sent", async () => {
    const paths: string[] = [];
    let answer: () => void = () => undefined;
    const transport = await overPlain((socket, text) => {
      paths.push(text.split(" ")[1]!);
      answer = () => socket.write(reply("x"));
      if (paths.length > 1) answer();
    });
    const stop = new AbortController();
    const first = transport(request({ path: "/first" }));
    const waiting = failureOf(transport(request({ path: "/waiting" }), stop.signal));
    const last = transport(request({ path: "/last" }));
    while (paths.length === 0) await new Promise((resolve) => void setImmediate(resolve));
    stop.abort(new Error("enough"));
    answer();
    await Promise.all([first, last]);
    expect([paths, String(await waiting)]).toEqual([["/first", "/last"], "Error: enough"]);
  });
});

describe("before a request leaves", () => {
  test("its sender is asked, also behind a wait for a connection, and may forbid it", async () => {
    const paths: string[] = [];
    let fenced = false;
    const transport = await overPlain((socket, text) => {
      paths.push(text.split(" ")[1]!);
      fenced = true;
      socket.write(reply("x"));
    });
    const beforeSend = () => {
      if (fenced) throw new Error("fenced");
    };
    const both = [transport(request({ path: "/first", beforeSend })), failureOf(transport(request({ path: "/second", beforeSend })))];
    expect(String((await Promise.all(both))[1])).toBe("Error: fenced");
    expect(paths).toEqual(["/first"]);
  });
});

describe("a client that is closed", () => {
  test("lets the exchange under way end, and takes no other", async () => {
    const port = await listen(createServer(), (socket) => void setImmediate(() => socket.write(reply("x"))));
    const http = openHttpTransport({ endpoint: `http://127.0.0.1:${port}`, connections: 1, responseBytesMax: 100 });
    const call = http.transport(request());
    const closed = http.close();
    expect(await failureOf(http.transport(request()))).toMatchObject({ code: "TF_CONNECTION", sent: false });
    expect(textOf(await call)).toBe("x");
    await closed;
  });
});

describe("over TLS", () => {
  const file = (name: string) => readFileSync(join(import.meta.dirname, "tls", name));
  const before = getCACertificates("default");
  afterEach(() => setDefaultCACertificates(before));
  const serve = () =>
    listen(
      createTlsServer({ cert: file("certificate.pem"), key: file("key.pem") }),
      (socket, text) => socket.write(reply(text.split(" ")[1]!)),
      "secureConnection",
    );

  test("exchanges are the same, on one connection", async () => {
    setDefaultCACertificates([...before, file("certificate.pem").toString()]);
    const port = await serve();
    const transport = open({ endpoint: `https://localhost:${port}` });
    expect([textOf(await transport(request())), textOf(await transport(request({ path: "/GetRow" })))]).toEqual(["/ListTable", "/GetRow"]);
    expect(sockets).toHaveLength(1);
  });
  test("a certificate that nobody vouches for is refused before anything is sent", async () => {
    const port = await serve();
    const failure = await failureOf(open({ endpoint: `https://localhost:${port}` })(request()));
    expect(failure).toMatchObject({ code: "TF_CONNECTION", sent: false, message: expect.stringContaining("SELF_SIGNED") });
  });
});
