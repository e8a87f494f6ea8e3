import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { systemClock, type Clock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";
import { limits } from "../model/limits.ts";
import { encodeErrorBody } from "../wire/error-body.ts";
import { signedResponse, WAIT_HEADER } from "../wire/headers.ts";
import type { Transport, WireResponse } from "../wire/transport.ts";
import { ConnectionCut } from "./connection-cut.ts";
import { isControlPath } from "./control-plane/control-path.ts";

// Not imported: an ES import of this module reads its every export, and one of them loads all of undici, a quarter of the time to the first answer.
const { createServer: createHttpServer } = process.getBuiltinModule("node:http");

const HEADER_BYTES_MAX = 16 * 1024;
/** A client that takes longer for its headers or for its whole request is cut off, and does not hold memory meanwhile. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than the idle time of the clients' pools, so that it is they who close. */
const KEEP_ALIVE_MS = 75_000;
/** What is under way when the server stops may take this long, by the system's clock as sockets do; then connections are cut. */
const GRACE_MS = 5_000;
/** Of a body over the limit. */
const DRAINED_BYTES_MAX = 8 * limits.requestBodyBytesMax;
/** More are closed as they come; an idle one costs some 20 KB. */
const CONNECTIONS_MAX = 4096;
/** Of all bodies being read or answered at once: a request that would need more is told that the server is busy. */
const BODIES_BYTES_MAX = 256 * 1024 * 1024;
const PAGE_CONNECTIONS_MAX = 16;

export interface ListenOptions {
  readonly host: string;
  /** 0 takes one that is free. */
  readonly port: number;
  readonly clock: Clock;
  /** Bytes of bodies held at once, 256 MB unless told otherwise. */
  readonly bodiesBytesMax?: number | undefined;
}

export interface HttpListener {
  /** `http://host:port`, without a path. */
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  /** Open ones. */
  readonly connections: number;
  /** Takes no new connections, lets requests under way finish for up to 5 s, and resolves when the last connection is closed. */
  close(): Promise<void>;
}

/**
 * Puts a transport behind a socket. A connection costs at most its headers of 16 KB and one body of 5 MB: its requests are read one after the other, also where a client sends
 * the next before the answer. @throws TF_ADDRESS_IN_USE when the address cannot be listened on
 */
export async function listen(handler: Transport, options: ListenOptions): Promise<HttpListener> {
  let closing: Promise<void> | undefined;
  const around: Surroundings = {
    clock: options.clock,
    isClosing: () => closing !== undefined,
    bodies: { held: 0, most: options.bodiesBytesMax ?? BODIES_BYTES_MAX },
  };
  const sockets = new Set<Socket>();
  const turns = new WeakMap<Socket, Promise<void>>();
  const server = createHttpServer(
    {
      keepAlive: true,
      noDelay: true,
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    },
    (incoming, outgoing) => {
      const { socket } = incoming;
      const before = turns.get(socket);
      const answered = () => exchange(handler, incoming, outgoing, around);
      const turn = (before === undefined ? answered() : before.then(answered)).then(() => {
        if (turns.get(socket) === turn) turns.delete(socket);
      });
      turns.set(socket, turn);
    },
  );
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = CONNECTIONS_MAX;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const port = await listening(server, options);
  const { host } = options;
  return {
    endpoint: endpointOf(host, port),
    host,
    port,
    get connections() {
      return sockets.size;
    },
    close: () => (closing ??= closed(server)),
  };
}

/** A page of text for whoever can reach the address, without a signature; for figures that say nothing of the data, on an address of this machine. */
export interface PageListener {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** What stands at one path of a page listener. */
export type Page = () => { readonly status: number; readonly text: string };

/** Serves plain text to whoever asks with GET. @throws TF_ADDRESS_IN_USE */
export async function servePages(
  pages: Readonly<Record<string, Page>>,
  address: Pick<ListenOptions, "host" | "port">,
): Promise<PageListener> {
  const server = createHttpServer({ maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_TIMEOUT_MS }, (incoming, outgoing) => {
    incoming.resume();
    const page = incoming.method === "GET" && Object.hasOwn(pages, incoming.url ?? "") ? pages[incoming.url!] : undefined;
    const { status, text } = page?.() ?? { status: 404, text: "" };
    outgoing.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    outgoing.end(text);
  });
  server.maxConnections = PAGE_CONNECTIONS_MAX;
  const port = await listening(server, address);
  return { endpoint: endpointOf(address.host, port), close: () => closed(server) };
}

async function listening(server: Server, { host, port }: Pick<ListenOptions, "host" | "port">): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen({ host, port }, cause)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cancel = systemClock.after(GRACE_MS, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}

function endpointOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

interface Surroundings {
  readonly clock: Clock;
  isClosing(): boolean;
  /** Bytes of bodies in memory, of all connections. */
  readonly bodies: { held: number; readonly most: number };
}

async function exchange(handler: Transport, incoming: IncomingMessage, outgoing: ServerResponse, around: Surroundings): Promise<void> {
  const { bodies } = around;
  const share: Share = { bytes: 0 };
  try {
    const { method = "", url: path = "/" } = incoming;
    if (method !== "POST" && !(method === "GET" && isControlPath(path))) {
      incoming.resume();
      return send(
        outgoing,
        refusal(path, 405, "OTSMethodNotAllowed", "Only POST method for requests is supported.", around),
        around.isClosing(),
      );
    }
    const body = await readBody(incoming, bodies, share);
    if (body === undefined) return send(outgoing, refusal(path, 503, "OTSServerBusy", "Server is busy.", around), true);
    const headers = headersOf(incoming);
    const response = await handler({ method, path, headers, body }, headers[WAIT_HEADER] === undefined ? undefined : goneSignal(outgoing));
    // A body that is far too large is not read to its end, so the connection cannot be used again.
    send(outgoing, response, around.isClosing() || body.length > limits.requestBodyBytesMax);
  } catch (thrown) {
    // The client went away, a fault rule cuts the connection, or the handler failed: there is nobody or nothing to answer.
    if (thrown instanceof ConnectionCut && thrown.reply !== undefined) sendHalf(outgoing, thrown.reply);
    else outgoing.destroy();
  } finally {
    bodies.held -= share.bytes;
  }
}

/** Aborted when the client has gone away; only who waits for something asks for it. */
function goneSignal(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  return gone.signal;
}

/** The beginning of a reply, and then the end of the connection. */
function sendHalf(outgoing: ServerResponse, body: Uint8Array): void {
  if (body.length < 2) return void outgoing.destroy();
  outgoing.writeHead(200, { "content-length": body.length });
  outgoing.write(body.subarray(0, body.length >> 1), () => outgoing.destroy());
}

/** Unsigned: nobody has been asked who they are yet. */
function refusal(path: string, status: number, code: string, text: string, { clock }: Surroundings): WireResponse {
  return signedResponse(path, status, encodeErrorBody(code, text), "-", clock.now(), undefined);
}

/** What a request holds of the memory for bodies. */
interface Share {
  bytes: number;
}

/**
 * The whole body; of one over the limit enough to be refused, the rest read and dropped, because a client that is still sending does not
 * hear an answer. What goes on beyond all measure is cut off. Undefined when there is no room for more bodies.
 */
function readBody(incoming: IncomingMessage, bodies: Surroundings["bodies"], share: Share): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    let settled = false;
    // Every request closes, and an error is dear to make: only one that is not read by then has lost its client.
    const wentAway = () => {
      if (!settled) reject(new TableferryError("TF_CONNECTION", { message: "the client went away" }));
    };
    if (incoming.destroyed) return wentAway();
    const chunks: Buffer[] = [];
    let length = 0;
    const done = () => {
      settled = true;
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    };
    incoming.on("data", (chunk: Buffer) => {
      if (length <= limits.requestBodyBytesMax) {
        chunks.push(chunk);
        share.bytes += chunk.length;
        bodies.held += chunk.length;
      }
      length += chunk.length;
      if (bodies.held > bodies.most) {
        chunks.length = 0;
        incoming.removeAllListeners("data").resume();
        settled = true;
        resolve(undefined);
      } else if (length > DRAINED_BYTES_MAX) done();
    });
    incoming.on("end", done);
    incoming.on("error", reject);
    incoming.on("close", wentAway);
  });
}

/** Header names come in lower case from Node; the few that may repeat are joined by it, the others are none of ours. */
function headersOf(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) if (typeof value === "string") headers[name] = value;
  return headers;
}

/** `last`: the connection is closed behind this reply. */
function send(outgoing: ServerResponse, { status, headers, body }: WireResponse, last: boolean): void {
  if (last) outgoing.setHeader("connection", "close");
  outgoing.writeHead(status, { ...headers, "content-length": body.length });
  outgoing.end(body);
}

function cannotListen({ host, port }: Pick<ListenOptions, "host" | "port">, cause: Error): TableferryError {
  return new TableferryError("TF_ADDRESS_IN_USE", { message: `cannot listen: ${cause.message}`, place: `${host}:${port}`, cause });
}
