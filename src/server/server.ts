import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { encodeErrorBody } from "../wire/error-body.ts";
import { signedResponse } from "../wire/headers.ts";
import { isOperationName } from "../wire/operation/operations.ts";
import { ServiceError } from "../wire/service-error.ts";
import type { Transport, WireRequest, WireResponse } from "../wire/transport.ts";
import type { TableStore } from "../store/table-store.ts";
import type { AccessKey, AccessKeys } from "./access-keys.ts";
import { ADMIN_PATH, type Administer } from "./admin.ts";
import { answers } from "./answers.ts";
import { authenticate, authFailed } from "./authenticate.ts";
import { refusalFor } from "./refuse.ts";
import type { Tunnels } from "./tunnel/tunnels.ts";

/** What is told of a request once it is answered. */
export interface RequestEvent {
  readonly operation: string;
  readonly instance: string;
  readonly requestId: string;
  /** HTTP status. */
  readonly status: number;
  /** The service's code, where the request was refused. */
  readonly code?: string | undefined;
  readonly milliseconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The server's own trouble, which the caller was not told. */
  readonly error?: unknown;
}

export interface ServerOptions {
  readonly store: TableStore;
  readonly tunnels: Tunnels;
  readonly keys: AccessKeys;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log?: ((event: RequestEvent) => void) | undefined;
  /** Answers administration calls; without it their path is refused as an unknown operation. */
  readonly administer?: Administer | undefined;
}

/**
 * The embedded Table Store as a transport: every request is authenticated, answered or refused in the service's words, and every reply signed where the
 * caller is known. It never rejects.
 */
export function createServer(options: ServerOptions): Transport {
  const { keys, clock, chance, log } = options;
  return async (request) => {
    const started = clock.monotonic();
    const requestId = chance.id();
    const key = keys.find(request.headers["x-ots-accesskeyid"] ?? "");
    let status = 200;
    let code: string | undefined;
    let error: unknown;
    let body: Uint8Array;
    try {
      authenticate(request, key, clock.now());
      body = await answer(request, key, options);
    } catch (thrown) {
      const { refusal, unexpected } = refusalFor(thrown);
      ({ status, code } = refusal);
      if (unexpected) error = thrown;
      body = encodeErrorBody(refusal.code, refusal.text);
    }
    const response = signedResponse(request.path, status, body, requestId, clock.now(), key);
    log?.(eventOf(request, response, { requestId, code, error, milliseconds: clock.monotonic() - started }));
    return response;
  };
}

function answer(request: WireRequest, key: AccessKey, options: ServerOptions): Promise<Uint8Array> {
  const { store, tunnels, keys, clock, chance, administer } = options;
  if (request.path === ADMIN_PATH && administer !== undefined) {
    if (key !== keys.root) throw authFailed("The user has no privilege to access the instance.");
    return administer(request.body);
  }
  const instance = request.headers["x-ots-instancename"]!;
  if (key.instance !== undefined && key.instance !== instance) throw authFailed("The user has no privilege to access the instance.");
  if (!store.catalogue.hasInstance(instance)) throw authFailed("The instance is not found.");
  const name = request.path.slice(1);
  const known = isOperationName(name) ? answers[name] : undefined;
  if (known === undefined) throw new ServiceError(400, "OTSParameterInvalid", `Unsupported operation: ${name}.`);
  return known(request.body, { store, tunnels, instance, clock, chance });
}

function eventOf(
  { path, headers, body }: WireRequest,
  response: WireResponse,
  rest: Pick<RequestEvent, "requestId" | "code" | "error" | "milliseconds">,
): RequestEvent {
  const instance = headers["x-ots-instancename"] ?? "";
  return { operation: path.slice(1), instance, status: response.status, bytesIn: body.length, bytesOut: response.body.length, ...rest };
}
