import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";
import { decodeErrorBody } from "../wire/error-body.ts";
import { distrust, signedRequest } from "../wire/headers.ts";
import type { Operation } from "../wire/operation/operation.ts";
import { ServiceError } from "../wire/service-error.ts";
import type { ResponseRoom, Transport } from "../wire/transport.ts";
import type { CredentialSource } from "./credentials.ts";
import { judge, pauseMs, type RetryPolicy } from "./retry.ts";
import { TransportError } from "./transport-error.ts";

export interface CallerOptions {
  readonly transport: Transport;
  readonly instance: string;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly retry: RetryPolicy;
  /** Milliseconds one try may take. */
  readonly timeoutMs: number;
  /** Check signature and checksum of every successful reply; off only for servers that cannot sign. */
  readonly checkResponses: boolean;
  /** Nobody but the two ends can change bytes on the way (`HttpTransport.guarded`). */
  readonly guarded: boolean;
  /** Asked synchronously before each try of each write leaves; throwing sends nothing (a fence, R2). */
  readonly beforeWrite?: (() => void) | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** As the client's `beforeWrite`, for this call alone; asked besides it. */
  readonly beforeSend?: (() => void) | undefined;
  /** Milliseconds for one try instead of the client's. */
  readonly timeoutMs?: number | undefined;
  /**
   * Rows of the reply are handed on with their own checksums, which whoever reads them checks: on a guarded way the checksum over the whole body
   * is then left out. It is a quarter of a copy's CPU.
   */
  readonly rowsChecked?: boolean | undefined;
  /** Milliseconds for which an embedded server may hold the answer back until there is something to say (`WAIT_HEADER`); below the time for one try. */
  readonly waitMs?: number | undefined;
  /** Where the reply's body may be put; what is decoded from it then lives only as long as that memory is left alone. */
  readonly room?: ResponseRoom | undefined;
}

/** A write whose answer was lost: it may have been applied. Repeating it is right only when it is idempotent. */
export class UnknownOutcome extends TableferryError {
  readonly outcome = "unknown";

  constructor(operation: string, cause: Error) {
    super(cause instanceof TransportError && cause.code === "TF_TIMEOUT" ? "TF_TIMEOUT" : "TF_CONNECTION", {
      message: `the answer to ${operation} was lost; it may have been applied`,
      cause,
    });
  }
}

/** The one call path: encode, sign, send, check, decode; and the one retry loop. */
export class Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /**
   * @throws ServiceError as the service answered, after the retries it allows; UnknownOutcome for a write without an answer;
   *   TF_CONNECTION, TF_TIMEOUT, TF_RESPONSE_UNTRUSTED, TF_WIRE_CORRUPT; the signal's reason.
   */
  async call<Request, Response>(operation: Operation<Request, Response>, request: Request, options: CallOptions = {}): Promise<Response> {
    const { clock, chance, retry } = this.#options;
    const body = operation.encodeRequest(request);
    const began = clock.monotonic();
    for (let attempt = 0; ; attempt++) {
      try {
        return operation.decodeResponse(await this.#exchange(operation, body, options));
      } catch (error) {
        options.signal?.throwIfAborted();
        const verdict = judge(error, operation.kind);
        if (verdict === "unknown-outcome") throw new UnknownOutcome(operation.name, error as Error);
        const pause = pauseMs(retry, attempt, chance.next());
        if (verdict === "give-up" || clock.monotonic() - began + pause > retry.totalMs) throw error;
        await clock.sleep(pause, options.signal);
      }
    }
  }

  async #exchange(
    { name, kind }: Pick<Operation<never, never>, "name" | "kind">,
    body: Uint8Array,
    options: CallOptions,
  ): Promise<Uint8Array> {
    const { transport, instance, credentials, clock, checkResponses, guarded, beforeWrite } = this.#options;
    const key = await credentials();
    const signed = signedRequest(name, instance, key, body, clock.now(), options.waitMs);
    const beforeSend = kind === "write" ? both(beforeWrite, options.beforeSend) : undefined;
    const request = beforeSend === undefined ? signed : { ...signed, beforeSend };
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs;
    const deadline = new AbortController();
    const late = () =>
      deadline.abort(new TransportError("TF_TIMEOUT", true, { message: `no answer to ${name} within ${timeoutMs} ms`, place: instance }));
    const cancel = clock.after(timeoutMs, late);
    // Not AbortSignal.any: it makes work for the garbage collector, at each of thousands of calls.
    const { signal } = options;
    const giveUp = () => deadline.abort(signal?.reason);
    if (signal?.aborted === true) giveUp();
    signal?.addEventListener("abort", giveUp);
    try {
      const response = await transport(request, deadline.signal, options.room);
      if (response.status >= 200 && response.status < 300) {
        const bodyToo = !(guarded && options.rowsChecked === true);
        const doubt = checkResponses ? distrust(request.path, response, key, bodyToo) : undefined;
        if (doubt !== undefined)
          throw new TableferryError("TF_RESPONSE_UNTRUSTED", {
            message: `the reply to ${name} cannot be trusted: ${doubt}`,
            place: instance,
          });
        return response.body;
      }
      const { code, text } = decodeErrorBody(response.body, response.status);
      throw new ServiceError(response.status, code, text, response.headers["x-ots-requestid"]);
    } finally {
      cancel();
      signal?.removeEventListener("abort", giveUp);
    }
  }
}

function both(first: (() => void) | undefined, second: (() => void) | undefined): (() => void) | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return () => {
    first();
    second();
  };
}
