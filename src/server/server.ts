import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import { unlessGivenUp } from "../base/given-up.ts";
import { encodeErrorBody } from "../wire/error-body.ts";
import { signedResponse, WAIT_HEADER } from "../wire/headers.ts";
import { isOperationName } from "../wire/operation/operations.ts";
import { ServiceError } from "../wire/service-error.ts";
import type { Transport, WireRequest, WireResponse } from "../wire/transport.ts";
import type { TableStore } from "../store/table-store.ts";
import type { AccessKey, AccessKeys } from "./access-keys.ts";
import { ADMIN_PATH, type Administer } from "./admin.ts";
import { answers } from "./answers.ts";
import { authenticate, authFailed } from "./authenticate.ts";
import type { Interference, Patience } from "./call-context.ts";
import { asksForCompression, deflatedReply, inflatedRequest, isCompressed } from "./compression.ts";
import { ConnectionCut } from "./connection-cut.ts";
import { isControlPath } from "./control-plane/control-path.ts";
import type { InstancePolicies } from "./instance-policies.ts";
import { refusalFor } from "./refuse.ts";
import { SigningKeys } from "./signing-key.ts";
import type { Tunnels } from "./tunnel/tunnels.ts";
import type { UnderWay } from "./under-way.ts";

/** However long a caller would wait: nobody holds connection and memory for longer. */
const WAIT_MS_MAX = 1000;

/** What is told of a request once it is answered. */
export interface RequestEvent {
  readonly operation: string;
  readonly instance: string;
  readonly requestId: string;
  /** HTTP status; 0 where a fault rule cut the connection. */
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
  readonly policies: InstancePolicies;
  /** The time of rows: versions, expiry. */
  readonly clock: Clock;
  /** What the dates of requests are held against, and replies are dated by; `clock` unless told otherwise. */
  readonly wireClock?: Clock | undefined;
  readonly chance: Chance;
  readonly log?: ((event: RequestEvent) => void) | undefined;
  /** Answers administration calls; without it their path is refused as an unknown operation. */
  readonly administer?: Administer | undefined;
  /** Answers the control plane's calls, which have a signature of their own; without it their paths are refused as unknown operations. */
  readonly controlPlane?: Transport | undefined;
  /** Told when a request comes in and when it is done with, also where its caller has given it up before. */
  readonly underWay?: UnderWay | undefined;
  /** Comes between authentic requests and their answers, administration excepted. */
  readonly interference?: Interference | undefined;
}

/**
 * The embedded Table Store as a transport: every request is authenticated, answered or refused in the service's words, and every reply signed where the
 * caller is known. It rejects only where a fault rule cuts the connection, or the caller gives up on a request that one holds back.
 */
export function createServer(options: ServerOptions): Transport {
  const { interference } = options;
  const exchange = exchangeWith(options);
  if (interference === undefined) return exchange;
  return (request, signal) => (interference.active ? unlessGivenUp(exchange(request, signal), signal) : exchange(request, signal));
}

function exchangeWith(options: ServerOptions): (request: WireRequest, signal?: AbortSignal) => Promise<WireResponse> {
  const { keys, clock, wireClock = clock, chance, log, controlPlane, underWay } = options;
  const signingKeys = new SigningKeys();
  return async (request, signal) => {
    underWay?.begin();
    try {
      if (controlPlane !== undefined && isControlPath(request.path)) return await controlPlane(request, signal);
      const started = wireClock.monotonic();
      const requestId = chance.id();
      const key = keys.find(request.headers["x-ots-accesskeyid"] ?? "");
      const signing = key === undefined ? undefined : signingKeys.for(key, request.headers);
      let status = 200;
      let code: string | undefined;
      let error: unknown;
      let body: Uint8Array;
      try {
        authenticate(request, key, signing, { wire: wireClock.now(), store: clock.now() });
        body = await answer(isCompressed(request) ? await inflatedRequest(request) : request, key, options, signal);
      } catch (thrown) {
        if (thrown instanceof ConnectionCut) {
          log?.(eventOf(request, { status: 0, bytesOut: 0, requestId, code, error, milliseconds: wireClock.monotonic() - started }));
          throw thrown;
        }
        const { refusal, unexpected } = refusalFor(thrown);
        ({ status, code } = refusal);
        if (unexpected) error = thrown;
        body = encodeErrorBody(refusal.code, refusal.text);
      }
      const compressed = asksForCompression(request) ? await deflatedReply(body) : undefined;
      const response = signedResponse(request.path, status, body, requestId, wireClock.now(), signing, compressed);
      log?.(
        eventOf(request, { status, bytesOut: response.body.length, requestId, code, error, milliseconds: wireClock.monotonic() - started }),
      );
      return response;
    } finally {
      underWay?.end();
    }
  };
}

function answer(request: WireRequest, key: AccessKey, options: ServerOptions, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const { store, tunnels, keys, clock, chance, administer, interference, policies } = options;
  if (request.path === ADMIN_PATH && administer !== undefined) {
    if (key !== keys.root) throw authFailed("The user has no privilege to access the instance.");
    return administer(request.body);
  }
  const instance = request.headers["x-ots-instancename"]!;
  if (key.instance !== undefined && key.instance !== instance) throw authFailed("The user has no privilege to access the instance.");
  if (!store.catalogue.hasInstance(instance)) throw authFailed("The instance is not found.");
  const name = request.path.slice(1);
  const known = isOperationName(name) ? answers[name] : undefined;
  if (!isOperationName(name) || known === undefined) throw new ServiceError(400, "OTSParameterInvalid", `Unsupported operation: ${name}.`);
  policies.refuse({ keyId: key.id, instance, operation: name, body: request.body });
  const context = { store, tunnels, instance, clock, chance, patience: patienceOf(request, signal) };
  if (interference?.active !== true) return known(request.body, context);
  return interference.around({ operation: name, instance, body: request.body }, (body) => known(body, context));
}

/** Wishes that make no sense are none. */
function patienceOf({ headers }: WireRequest, signal: AbortSignal | undefined): Patience | undefined {
  const wish = headers[WAIT_HEADER];
  if (wish === undefined || !/^\d{1,9}$/.test(wish)) return undefined;
  return { ms: Math.min(Number(wish), WAIT_MS_MAX), signal };
}

function eventOf({ path, headers, body }: WireRequest, rest: Omit<RequestEvent, "operation" | "instance" | "bytesIn">): RequestEvent {
  return { operation: path.slice(1), instance: headers["x-ots-instancename"] ?? "", bytesIn: body.length, ...rest };
}
