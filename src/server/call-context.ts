import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import type { TableStore } from "../store/table-store.ts";
import type { Operation } from "../wire/operation/operation.ts";
import type { Tunnels } from "./tunnel/tunnels.ts";

/** What an operation may use: the store and its tunnels, and whose call it is. */
export interface CallContext {
  readonly store: TableStore;
  readonly tunnels: Tunnels;
  readonly instance: string;
  readonly clock: Clock;
  readonly chance: Chance;
}

/** Answers one operation, bytes to bytes. @throws ServiceError, or TF_WIRE_CORRUPT for a body that is no request */
export type Answer = (body: Uint8Array, context: CallContext) => Promise<Uint8Array>;

/** Puts an operation's codecs around the function that answers it. */
export function answering<Request, Response>(
  operation: Operation<Request, Response>,
  answer: (request: Request, context: CallContext) => Response | Promise<Response>,
): Answer {
  return async (body, context) => operation.encodeResponse(await answer(operation.decodeRequest(body), context));
}
