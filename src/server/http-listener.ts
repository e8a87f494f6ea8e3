import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { systemClock, type Clock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";
import { limits } from "../model/limits.ts";
import { encodeErrorBody } from "../wire/error-body.ts";
import { signedResponse } from "../wire/headers.ts";
import type { Transport, WireResponse } from "../wire/transport.ts";
import { ConnectionCut } from "./connection-cut.ts";

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

export interface ListenOptions {
  readonly host: string;
  /** 0 takes one that is free. */
  readonly port: number;
  readonly clock: Clock;
}

export interface HttpListener {
  /** `http://host:port`, without a path. */
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  /** Takes no new connections, lets requests under way finish for up to 5 s, and resolves when the last connection is closed. */
  close(): Promise<void>;
}

/** Puts a transport behind a socket. @throws TF_ADDRESS_IN_USE when the address cannot be listened on */
export async function listen(handler: Transport, options: ListenOptions): Promise<HttpListener> {
  let closing: Promise<void> | undefined;
  const server = createHttpServer(
    {
      keepAlive: true,
      noDelay: true,
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    },
    (incoming, outgoing) => void exchange(handler, incoming, outgoing, { clock: options.clock, isClosing: () => closing !== undefined }),
  );
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen(options, cause)));
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const close = () =>
    new Promise<void>((resolve) => {
      const cancel = systemClock.after(GRACE_MS, () => server.closeAllConnections());
      server.close(() => {
        cancel();
        resolve();
      });
      server.closeIdleConnections();
    });
  const { host } = options;
  return { endpoint: `http://${host.includes(":") ? `[${host}]` : host}:${port}`, host, port, close: () => (closing ??= close()) };
}

interface Surroundings {
  readonly clock: Clock;
  isClosing(): boolean;
}

async function exchange(handler: Transport, incoming: IncomingMessage, outgoing: ServerResponse, around: Surroundings): Promise<void> {
  try {
    const path = incoming.url ?? "/";
    if (incoming.method !== "POST") {
      incoming.resume();
      return send(outgoing, methodNotAllowed(path, around.clock), around.isClosing());
    }
    const body = await readBody(incoming);
    const response = await handler({ path, headers: headersOf(incoming), body });
    // A body that is far too large is not read to its end, so the connection cannot be used again.
    send(outgoing, response, around.isClosing() || body.length > limits.requestBodyBytesMax);
  } catch (thrown) {
    // The client went away, a fault rule cuts the connection, or the handler failed: there is nobody or nothing to answer.
    if (thrown instanceof ConnectionCut && thrown.reply !== undefined) sendHalf(outgoing, thrown.reply);
    else outgoing.destroy();
  }
}

/** The beginning of a reply, and then the end of the connection. */
function sendHalf(outgoing: ServerResponse, body: Uint8Array): void {
  if (body.length < 2) return void outgoing.destroy();
  outgoing.writeHead(200, { "content-length": body.length });
  outgoing.write(body.subarray(0, body.length >> 1), () => outgoing.destroy());
}

function methodNotAllowed(path: string, clock: Clock): WireResponse {
  const body = encodeErrorBody("OTSMethodNotAllowed", "Only POST method for requests is supported.");
  return signedResponse(path, 405, body, "-", clock.now(), undefined);
}

/**
 * The whole body; of one over the limit enough to be refused, the rest read and dropped, because a client that is still sending does not
 * hear an answer. What goes on beyond all measure is cut off.
 */
function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    incoming.on("data", (chunk: Buffer) => {
      if (length <= limits.requestBodyBytesMax) chunks.push(chunk);
      length += chunk.length;
      if (length > DRAINED_BYTES_MAX) done();
    });
    incoming.on("end", done);
    incoming.on("error", reject);
    incoming.on("close", () => reject(new TableferryError("TF_CONNECTION", { message: "the client went away" })));
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

function cannotListen({ host, port }: ListenOptions, cause: Error): TableferryError {
  return new TableferryError("TF_ADDRESS_IN_USE", { message: `cannot listen: ${cause.message}`, place: `${host}:${port}`, cause });
}
