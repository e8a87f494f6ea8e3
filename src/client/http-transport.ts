import { TableferryError } from "../base/error.ts";
import type { Transport, WireRequest } from "../wire/transport.ts";
import { HttpConnection, type Exchange } from "./http-connection.ts";
import { TransportError } from "./transport-error.ts";

export interface HttpTransportOptions {
  /** `http(s)://host[:port]`, without a path. */
  readonly endpoint: string;
  /** Connections at most; requests beyond wait. */
  readonly connections: number;
  /** Bytes of a reply at most; a longer one is refused before it is read. */
  readonly responseBytesMax: number;
}

export interface HttpTransport {
  readonly transport: Transport;
  /** Nobody but the two ends can change bytes on the way: over TLS, or without leaving this machine. */
  readonly guarded: boolean;
  /** Lets exchanges under way end, then closes every connection. */
  close(): Promise<void>;
}

/** A pool of kept-alive connections; the only sockets the client opens. @throws TF_SPEC_INVALID */
export function openHttpTransport(options: HttpTransportOptions): HttpTransport {
  const url = URL.canParse(options.endpoint) ? new URL(options.endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search !== "") {
    throw new TableferryError("TF_SPEC_INVALID", {
      message: "an endpoint is http(s)://host[:port] without a path",
      place: options.endpoint,
      wayOut: "Correct the endpoint, e.g. http://127.0.0.1:8087.",
    });
  }
  const pool = new ConnectionPool(url, options.connections);
  const { responseBytesMax: bytesMax } = options;
  const transport: Transport = (request, signal, room) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (!isCarriable(request)) return reject(uncarriable(request.path));
      const abort = () => {
        reject(signal?.reason);
        pool.giveUp(exchange);
      };
      const settled = () => {
        signal?.removeEventListener("abort", abort);
        pool.settled(exchange);
      };
      const exchange: Exchange = {
        request,
        room,
        bytesMax,
        mayLeave: () => {
          try {
            request.beforeSend?.();
            return true;
          } catch (thrown) {
            settled();
            reject(thrown);
            return false;
          }
        },
        resolve: (response) => {
          settled();
          resolve(response);
        },
        reject: (error, sent) => {
          settled();
          reject(broken(error, sent, url.origin, request.path));
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      pool.begin(exchange);
    });
  return { transport, guarded: url.protocol === "https:" || thisMachine.test(url.hostname), close: () => pool.close() };
}

const thisMachine = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether path and headers hold nothing that would end them early, or that their one byte a character cannot say. */
function isCarriable({ path, headers }: WireRequest): boolean {
  for (const name in headers) if (!carriable.test(headers[name]!)) return false;
  return carriable.test(path);
}
const carriable = /^[\t -~\u0080-\u00ff]*$/;

function uncarriable(path: string): TableferryError {
  return new TableferryError("TF_SPEC_INVALID", {
    message: "instance name or access key hold a character that no HTTP header can carry",
    place: path,
    wayOut: "Correct the instance name, the access key id or the token: letters, digits and hyphens of ASCII.",
  });
}

/** Connections to one place, used last in, first out, so that those not needed grow idle and end. */
class ConnectionPool {
  readonly #url: URL;
  readonly #most: number;
  readonly #all = new Set<HttpConnection>();
  readonly #idle: HttpConnection[] = [];
  readonly #busy = new Map<Exchange, HttpConnection>();
  readonly #waiting = new Set<Exchange>();
  #closing = false;
  #onEmpty: () => void = () => undefined;

  constructor(url: URL, most: number) {
    this.#url = url;
    this.#most = most;
  }

  begin(exchange: Exchange): void {
    if (this.#closing) return exchange.reject(new Error("the client is closed"), false);
    const idle = this.#idle.pop();
    if (idle !== undefined) this.#start(idle, exchange);
    else if (this.#all.size < this.#most) this.#start(this.#open(), exchange);
    else this.#waiting.add(exchange);
  }

  /** Its caller no longer waits: nothing more of it is sent or read. */
  giveUp(exchange: Exchange): void {
    this.#waiting.delete(exchange);
    this.#busy.get(exchange)?.destroy();
    this.#busy.delete(exchange);
  }

  settled(exchange: Exchange): void {
    this.#busy.delete(exchange);
  }

  close(): Promise<void> {
    this.#closing = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
    for (const exchange of this.#waiting) exchange.reject(new Error("the client is closed"), false);
    this.#waiting.clear();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      if (this.#all.size === 0) resolve();
    });
  }

  #open(): HttpConnection {
    const connection = new HttpConnection(this.#url, { idle: (one) => this.#free(one), closed: (one) => this.#gone(one) });
    this.#all.add(connection);
    return connection;
  }

  #start(connection: HttpConnection, exchange: Exchange): void {
    this.#busy.set(exchange, connection);
    connection.begin(exchange);
  }

  #free(connection: HttpConnection): void {
    const next = this.#next();
    if (next !== undefined) this.#start(connection, next);
    else if (this.#closing) connection.destroy();
    else this.#idle.push(connection);
  }

  #gone(connection: HttpConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#closing && this.#all.size === 0) this.#onEmpty();
    const next = this.#next();
    if (next !== undefined) this.#start(this.#open(), next);
  }

  #next(): Exchange | undefined {
    for (const exchange of this.#waiting) {
      this.#waiting.delete(exchange);
      return exchange;
    }
    return undefined;
  }
}

function broken(error: Error, sent: boolean, origin: string, path: string): TransportError {
  const code = "code" in error ? ` (${String(error.code)})` : error.message === "" ? "" : ` (${error.message})`;
  return new TransportError("TF_CONNECTION", sent, {
    message: sent ? `the connection to ${origin} broke: ${error.message}` : `${origin} does not answer${code}`,
    place: path,
    cause: error,
  });
}
