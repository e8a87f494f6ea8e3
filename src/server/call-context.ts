import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import type { TableStore } from "../store/table-store.ts";
import type { Operation } from "../wire/operation/operation.ts";
import type { Tunnels } from "./tunnel/tunnels.ts";
import type { OperationName } from "../wire/operation/operations.ts";

/** What an operation may use: the store and its tunnels, and whose call it is. */
export interface CallContext {
  readonly store: TableStore;
  readonly tunnels: Tunnels;
  readonly instance: string;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Where the caller would rather wait for something to read than hear that there is nothing. */
  readonly patience?: Patience | undefined;
}

/** How long a caller waits. */
export interface Patience {
  /** Milliseconds. */
  readonly ms: number;
  /** Aborted when the caller has given the request up. */
  readonly signal?: AbortSignal | undefined;
}

/** Answers one operation, bytes to bytes. @throws ServiceError, or TF_WIRE_CORRUPT for a body that is no request */
export type Answer = (body: Uint8Array, context: CallContext) => Promise<Uint8Array>;

/** A request whose sender is known and may do what is asked. */
export interface AuthenticCall {
  readonly operation: OperationName;
  readonly instance: string;
  readonly body: Uint8Array;
}

/** Answers the request, which may have been changed on the way. */
export type Proceed = (body: Uint8Array) => Promise<Uint8Array>;

/** What may come between authentic requests and their answers. */
export interface Interference {
  /** False: nothing is between them at present. */
  readonly active: boolean;
  /** @throws ServiceError in place of the answer, ConnectionCut where there shall be none */
  around(call: AuthenticCall, proceed: Proceed): Promise<Uint8Array>;
}

/** Puts an operation's codecs around the function that answers it. */
export function answering<Request, Response>(
  operation: Operation<Request, Response>,
  answer: (request: Request, context: CallContext) => Response | Promise<Response>,
): Answer {
  return async (body, context) => operation.encodeResponse(await answer(operation.decodeRequest(body), context));
}
