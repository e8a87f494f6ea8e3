import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ResponseRoom, WireRequest, WireResponse } from "../wire/transport.ts";
import { ResponseBody } from "./response-body.ts";
import { headBytesMax, parseHead, type ResponseHead } from "./response-head.ts";

/** Bytes read at a time, into memory that is read into again. */
const READ_BYTES = 128 * 1024;
const CONNECT_MS = 10_000;
/** An idle connection is closed after so long, unless the other side announces to close it sooner. */
const IDLE_MS = 30_000;
/** Before the moment announced. */
const IDLE_MARGIN_MS = 1000;
const BLANK_LINE = "\r\n\r\n";

/** One exchange: what is asked, and who is told. Exactly one of `resolve` and `reject` is called, once, unless it may not leave. */
export interface Exchange {
  readonly request: WireRequest;
  readonly room: ResponseRoom | undefined;
  readonly bytesMax: number;
  /** Asked when the connection stands, before the first byte leaves. False: nothing is sent, and nobody is told anything more. */
  mayLeave(): boolean;
  resolve(response: WireResponse): void;
  /** `sent`: bytes of the request may have reached the other side. */
  reject(error: Error, sent: boolean): void;
}

export interface ConnectionEvents {
  /** The exchange is over and another one may begin. */
  idle(connection: HttpConnection): void;
  /** The connection is closed for good. */
  closed(connection: HttpConnection): void;
}

/**
 * One kept-alive connection of HTTP/1.1 that carries one exchange at a time. Written here because what reads into memory of its own costs:
 * `docs/architecture.md` has the figures.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #events: ConnectionEvents;
  #connected = false;
  #exchange: Exchange | undefined;
  #sent = false;
  /** The beginning of a head that came in pieces. */
  #beginning: Buffer | undefined;
  #head: ResponseHead | undefined;
  #body: ResponseBody | undefined;
  #failure: Error | undefined;
  #idleMs = CONNECT_MS;

  constructor(url: URL, events: ConnectionEvents) {
    this.#events = events;
    this.#host = url.host;
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const secure = url.protocol === "https:";
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (count: number, bytes: Uint8Array) => this.#read(bytes as Buffer, count),
    };
    const port = Number(url.port) || (secure ? 443 : 80);
    const options = { host, port, onread, noDelay: true, keepAlive: true };
    this.#socket = secure ? connectTls({ ...options, ...(isIP(host) === 0 ? { servername: host } : {}) }) : connectPlain(options);
    this.#socket.once(secure ? "secureConnect" : "connect", () => this.#stands());
    this.#socket.on("error", (error) => (this.#failure ??= error));
    this.#socket.on("end", () => this.#ended());
    this.#socket.once("close", () => this.#closed());
    this.#socket.on("timeout", () => this.#timedOut());
    this.#socket.setTimeout(CONNECT_MS);
  }

  begin(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#sent = false;
    if (!this.#connected) return;
    this.#socket.ref();
    this.#send(exchange);
  }

  /** Gives the exchange up, whoever was told; the connection cannot be used again. */
  destroy(): void {
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  #stands(): void {
    this.#connected = true;
    this.#keepIdle(IDLE_MS);
    if (this.#exchange !== undefined) this.#send(this.#exchange);
  }

  #send(exchange: Exchange): void {
    const { request } = exchange;
    if (!exchange.mayLeave()) {
      this.#exchange = undefined;
      return this.#rest();
    }
    this.#sent = true;
    const socket = this.#socket;
    socket.cork();
    socket.write(headOf(request, this.#host), "latin1");
    if (request.body.length > 0) socket.write(request.body);
    socket.uncork();
  }

  /** Returns true: read on. */
  #read(bytes: Buffer, count: number): boolean {
    try {
      let at = 0;
      if (this.#exchange === undefined) throw new Error("an answer to nothing");
      if (this.#body === undefined) at = this.#readHead(this.#exchange, bytes, count);
      if (this.#body === undefined) return true;
      at = this.#body.take(bytes, at, count);
      if (at < count) throw new Error("more than one answer");
      if (this.#body.complete) this.#finish();
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
    return true;
  }

  /** Returns the offset behind the head, or `count` when it goes on. */
  #readHead(exchange: Exchange, bytes: Buffer, count: number): number {
    let from = 0;
    for (;;) {
      const before = this.#beginning?.length ?? 0;
      const seen = before === 0 ? bytes.subarray(from, count) : Buffer.concat([this.#beginning!, bytes.subarray(from, count)]);
      const end = seen.indexOf(BLANK_LINE, Math.max(0, before - BLANK_LINE.length), "latin1");
      if (end < 0) {
        if (seen.length > headBytesMax) throw new Error("the head of the answer does not end");
        this.#beginning = before === 0 ? Buffer.from(seen) : seen;
        return count;
      }
      this.#beginning = undefined;
      from += end + BLANK_LINE.length - before;
      const head = parseHead(seen.toString("latin1", 0, end));
      if (head === undefined) continue;
      this.#head = head;
      this.#body = new ResponseBody(head.body, exchange.bytesMax, exchange.room);
      return from;
    }
  }

  #finish(): void {
    const exchange = this.#exchange!;
    const { status, headers, reusable, keepAliveMs } = this.#head!;
    const body = this.#body!.bytes();
    this.#exchange = undefined;
    this.#head = undefined;
    this.#body = undefined;
    // An answer that came before the request was out leaves the rest of the request behind: its memory is the caller's again.
    if (!reusable || this.#socket.writableLength > 0) {
      this.#socket.destroy();
    } else {
      if (keepAliveMs !== undefined) this.#keepIdle(Math.min(IDLE_MS, Math.max(IDLE_MARGIN_MS, keepAliveMs - IDLE_MARGIN_MS)));
      this.#rest();
    }
    exchange.resolve({ status, headers, body });
  }

  #rest(): void {
    this.#socket.unref();
    this.#events.idle(this);
  }

  #ended(): void {
    this.#body?.end();
    if (this.#body?.complete === true) this.#finish();
  }

  #closed(): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#events.closed(this);
    exchange?.reject(this.#failure ?? new Error("it was closed before the answer was complete"), this.#sent);
  }

  #timedOut(): void {
    if (!this.#connected) this.#socket.destroy(Object.assign(new Error(`no connection within ${CONNECT_MS} ms`), { code: "ETIMEDOUT" }));
    // Deadlines of exchanges are their callers', on their own clocks.
    else if (this.#exchange === undefined) this.#socket.destroy();
  }

  #keepIdle(ms: number): void {
    if (this.#idleMs === ms) return;
    this.#idleMs = ms;
    this.#socket.setTimeout(ms);
  }
}

function headOf({ path, headers, body }: WireRequest, host: string): string {
  let text = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${body.length}\r\n`;
  for (const name in headers) text += `${name}: ${headers[name]!}\r\n`;
  return `${text}\r\n`;
}
