import { Pool, type Dispatcher } from "undici";
import { TableferryError } from "../base/error.ts";
import type { ResponseRoom, Transport, WireRequest, WireResponse } from "../wire/transport.ts";
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
  close(): Promise<void>;
}

/** Errors before anything was sent. */
const unsentCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** A pool of kept-alive connections; the only sockets the client opens. */
export function openHttpTransport(options: HttpTransportOptions): HttpTransport {
  const url = URL.canParse(options.endpoint) ? new URL(options.endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search !== "") {
    throw new TableferryError("TF_SPEC_INVALID", {
      message: "an endpoint is http(s)://host[:port] without a path",
      place: options.endpoint,
      wayOut: "Correct the endpoint, e.g. http://127.0.0.1:8087.",
    });
  }
  // Deadlines are the caller's, on its own clock.
  const pool = new Pool(url.origin, {
    connections: options.connections,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
  });
  return {
    transport: (request, signal, room) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const exchange = new Exchange(request, url.origin, options.responseBytesMax, resolve, reject, signal, room);
        pool.dispatch(exchange.dispatchOptions(), exchange);
      }),
    close: () => pool.close(),
  };
}

/** One request under way: gathers the reply and settles exactly once. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: WireRequest;
  readonly #origin: string;
  readonly #bytesMax: number;
  readonly #resolve: (response: WireResponse) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  readonly #room: ResponseRoom | undefined;
  /** Where the body goes when its length is known beforehand. */
  #body: Uint8Array | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    request: WireRequest,
    origin: string,
    bytesMax: number,
    resolve: (response: WireResponse) => void,
    reject: (reason: unknown) => void,
    signal: AbortSignal | undefined,
    room: ResponseRoom | undefined,
  ) {
    this.#room = room;
    this.#request = request;
    this.#origin = origin;
    this.#bytesMax = bytesMax;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#onAbort = () => {
      this.#reject(signal?.reason);
      this.#controller?.abort(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
    };
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  dispatchOptions(): Dispatcher.DispatchOptions {
    return { path: this.#request.path, method: "POST", headers: this.#request.headers as Record<string, string>, body: this.#request.body };
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal?.aborted) controller.abort(new Error("aborted"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) this.#headers[name] = Array.isArray(value) ? value.join(", ") : value;
    const length = Number(this.#headers["content-length"] ?? Number.NaN);
    if (this.#room !== undefined && length > 0 && length <= this.#bytesMax) this.#body = this.#room(length);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // After an abort the memory may be another try's already.
    if (this.#signal?.aborted) return;
    const at = this.#bytes;
    this.#bytes += chunk.length;
    if (this.#bytes > (this.#body?.length ?? this.#bytesMax))
      controller.abort(new Error(`the reply is longer than ${this.#body?.length ?? this.#bytesMax} bytes`));
    else if (this.#body === undefined) this.#chunks.push(chunk);
    else this.#body.set(chunk, at);
  }

  onResponseEnd(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    const body =
      this.#body?.subarray(0, this.#bytes) ?? (this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#bytes));
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    const code = "code" in error ? String(error.code) : "";
    const sent = !unsentCodes.has(code);
    this.#reject(
      new TransportError("TF_CONNECTION", sent, {
        message: sent
          ? `the connection to ${this.#origin} broke: ${error.message}`
          : `${this.#origin} does not answer${code === "" ? "" : ` (${code})`}`,
        place: this.#request.path,
        cause: error,
      }),
    );
  }
}
