import type { Chance } from "../../base/chance.ts";
import type { Clock } from "../../base/clock.ts";
import { ServiceError } from "../../wire/service-error.ts";
import type { Transport, WireRequest } from "../../wire/transport.ts";
import type { AccessKeys } from "../access-keys.ts";
import { refusalFor } from "../refuse.ts";
import type { RequestEvent } from "../server.ts";
import { authenticateCall } from "./authenticate-call.ts";
import { calls, type InstanceKeeper } from "./calls.ts";
import { isControlCall } from "./control-path.ts";
import { controlReply } from "./control-reply.ts";
import { invalid, isObject, type Parameters } from "./parameters.ts";
import { splitTarget } from "./roa-signature.ts";
import { SeenNonces } from "./seen-nonces.ts";

export interface ControlPlaneOptions {
  readonly keys: AccessKeys;
  /** Asked for each call: what is served may become another store. */
  readonly keeper: () => InstanceKeeper;
  /** What the dates of calls are held against. */
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log?: ((event: RequestEvent) => void) | undefined;
}

/**
 * The service's control plane, version 2020-12-09, as the Terraform and Pulumi providers call it (reference 8): JSON in and out, replies not signed, refusals
 * `{ "Code", "Message", "RequestId" }`. Only the owner of the root key is answered. It never rejects.
 */
export function createControlPlane({ keys, keeper, clock, chance, log }: ControlPlaneOptions): Transport {
  const nonces = new SeenNonces();
  return async (request) => {
    const started = clock.monotonic();
    const requestId = chance.id();
    let status = 200;
    let code: string | undefined;
    let error: unknown;
    let answer: object;
    try {
      authenticateCall(request, keys, nonces, clock.now());
      answer = await answerCall(request, keeper());
    } catch (thrown) {
      const { refusal, unexpected } = refusalFor(thrown);
      ({ status, code } = refusal);
      if (unexpected) error = thrown;
      answer = { Code: code, Message: refusal.text };
    }
    const response = controlReply(status, { RequestId: requestId, ...answer });
    const [milliseconds, bytesIn, bytesOut] = [clock.monotonic() - started, request.body.length, response.body.length];
    log?.({
      operation: splitTarget(request.path).path.slice(1),
      instance: "",
      requestId,
      status,
      code,
      milliseconds,
      bytesIn,
      bytesOut,
      error,
    });
    return response;
  };
}

async function answerCall({ method = "POST", path: target, body }: WireRequest, keeper: InstanceKeeper): Promise<object> {
  const { path, query } = splitTarget(target);
  const name = path.slice(1);
  // Not 404, which clients take for an instance that is not there; code and text are unverified.
  if (!isControlCall(name)) throw new ServiceError(400, "InvalidAction.Unsupported", `Unsupported operation: ${name}.`);
  const call = calls[name];
  if (call.method !== method) throw new ServiceError(405, "UnsupportedHTTPMethod", `Only ${call.method} is supported for ${name}.`);
  return call.answer(method === "GET" ? Object.fromEntries(query) : parseBody(body), keeper);
}

function parseBody(body: Uint8Array): Parameters {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(body).toString());
  } catch {
    content = undefined;
  }
  return isObject(content) ? content : invalid("The request body is no JSON object.");
}
