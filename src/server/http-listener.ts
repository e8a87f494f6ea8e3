import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";
import { limits } from "../model/limits.ts";
import { encodeErrorBody } from "../wire/error-body.ts";
import { signedResponse } from "../wire/headers.ts";
import type { Transport, WireResponse } from "../wire/transport.ts";

const HEADER_BYTES_MAX = 16 * 1024;
/** A client that takes longer for its headers or for its whole request is cut off, and does not hold memory meanwhile. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than the idle time of the clients' pools, so that it is they who close. */
const KEEP_ALIVE_MS = 75_000;
/** What is under way when the server stops may take this long; then connections are cut. */
const GRACE_MS = 5_000;

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
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
  const server = createHttpServer(
    {
      keepAlive: true,
      noDelay: true,
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    },
    (incoming, outgoing) => void exchange(handler, incoming, outgoing, options.clock),
  );
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen(options, cause)));
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  let closing: Promise<void> | undefined;
  const close = () =>
    new Promise<void>((resolve) => {
      const cancel = options.clock.after(GRACE_MS, () => server.closeAllConnections());
      server.close(() => {
        cancel();
        resolve();
      });
      server.closeIdleConnections();
    });
  const { host } = options;
  return { endpoint: `http://${host.includes(":") ? `[${host}]` : host}:${port}`, host, port, close: () => (closing ??= close()) };
}

async function exchange(handler: Transport, incoming: IncomingMessage, outgoing: ServerResponse, clock: Clock): Promise<void> {
  try {
    const path = incoming.url ?? "/";
    if (incoming.method !== "POST") {
      incoming.resume();
      return send(outgoing, methodNotAllowed(path, clock));
    }
    const body = await readBody(incoming);
    // The rest of a body that is too large is never read, so the connection cannot be used again.
    if (body.length > limits.requestBodyBytesMax) outgoing.setHeader("connection", "close");
    send(outgoing, await handler({ path, headers: headersOf(incoming), body }));
  } catch {
    // The client went away, or the handler broke its promise never to reject: there is nobody or nothing to answer.
    outgoing.destroy();
  }
}

function methodNotAllowed(path: string, clock: Clock): WireResponse {
  const body = encodeErrorBody("OTSMethodNotAllowed", "Only POST method for requests is supported.");
  return signedResponse(path, 405, body, "-", clock.now(), undefined);
}

/** The whole body, or a little more than the limit of it: enough to be refused. */
function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    incoming.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= limits.requestBodyBytesMax) return;
      incoming.pause();
      resolve(Buffer.concat(chunks));
    });
    incoming.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    incoming.on("error", reject);
    incoming.on("aborted", () => reject(new TableferryError("TF_CONNECTION", { message: "the client went away" })));
  });
}

/** Header names come in lower case from Node; the few that may repeat are joined by it, the others are none of ours. */
function headersOf(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) if (typeof value === "string") headers[name] = value;
  return headers;
}

function send(outgoing: ServerResponse, { status, headers, body }: WireResponse): void {
  outgoing.writeHead(status, { ...headers, "content-length": body.length });
  outgoing.end(body);
}

function cannotListen({ host, port }: ListenOptions, cause: Error): TableferryError {
  return new TableferryError("TF_ADDRESS_IN_USE", { message: `cannot listen: ${cause.message}`, place: `${host}:${port}`, cause });
}
