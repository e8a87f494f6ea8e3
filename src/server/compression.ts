import { promisify } from "node:util";
import { deflate, inflate } from "node:zlib";
import { limits } from "../model/limits.ts";
import { ServiceError } from "../wire/service-error.ts";
import type { WireRequest } from "../wire/transport.ts";
import { bodyTooLarge } from "./authenticate.ts";

const deflated = promisify(deflate);
const inflated = promisify(inflate);

const TYPE = "x-ots-request-compress-type";
const SIZE = "x-ots-request-compress-size";
/** zlib's fastest: 4 MB of half hex, half repeated text take 43 ms of a thread of the pool instead of 60, for 1 % more bytes. */
const LEVEL = 1;

export function isCompressed({ headers }: WireRequest): boolean {
  return headers[TYPE] !== undefined;
}

/** Nothing is compressed unless asked for in the one way that is known; other ways are passed over. */
export function asksForCompression({ headers }: WireRequest): boolean {
  return headers["x-ots-response-compress-type"] === "deflate";
}

/**
 * A compressed request with its body inflated (reference 1.7). Never more is inflated than the size it declares, which must be the
 * true one and within the limit of bodies: a small body that would grow without end costs no more than one of that limit.
 * The texts of these refusals are unverified.
 * @throws OTSParameterInvalid, OTSRequestBodyTooLarge
 */
export async function inflatedRequest(request: WireRequest): Promise<WireRequest> {
  const type = request.headers[TYPE];
  if (type !== "deflate") throw invalid(`Unsupported compress type: ${type}.`);
  const declared = request.headers[SIZE];
  if (declared === undefined) throw invalid(`Missing header: ${SIZE}.`);
  if (!/^\d{1,10}$/.test(declared)) throw invalid(`Invalid compress size: ${declared}.`);
  const size = Number(declared);
  if (size > limits.requestBodyBytesMax) throw bodyTooLarge();
  const body = await inflated(request.body, { maxOutputLength: Math.max(1, size) }).catch(() => undefined);
  if (body?.length !== size) throw invalid("Decompress request body failed.");
  return { ...request, body };
}

/** A reply's body compressed; undefined where that makes it no smaller, as with short ones. */
export async function deflatedReply(body: Uint8Array): Promise<Uint8Array | undefined> {
  if (body.length === 0) return undefined;
  const smaller = await deflated(body, { level: LEVEL });
  return smaller.length < body.length ? smaller : undefined;
}

function invalid(text: string): ServiceError {
  return new ServiceError(400, "OTSParameterInvalid", text);
}
