import { limits } from "../../model/limits.ts";
import { ServiceError } from "../../wire/service-error.ts";
import { contentMd5, sameSignature } from "../../wire/sign.ts";
import type { WireRequest } from "../../wire/transport.ts";
import type { AccessKeys } from "../access-keys.ts";
import { roaSignature } from "./roa-signature.ts";
import type { SeenNonces } from "./seen-nonces.ts";

const NONCE_LENGTH_MAX = 256;

/**
 * Whether a call of the control plane is what the owner of the root key signed, lately and for the first time; nobody else administers instances, as with our own
 * administration calls. Codes and texts are those of the cloud's gateway (unverified); none has status 404, which clients take for an instance that is not there.
 * @param now by the clock that requests are dated by, milliseconds since 1970
 * @throws ServiceError
 */
export function authenticateCall(request: WireRequest, keys: AccessKeys, nonces: SeenNonces, now: number): void {
  const { headers, body } = request;
  const [, id = "", signature = ""] = /^acs ([^\s:]+):(\S+)$/.exec(headers["authorization"] ?? "") ?? refuse("MissingAuthorization", 403);
  const nonce = headers["x-acs-signature-nonce"] ?? "";
  if (headers["x-acs-signature-method"] !== "HMAC-SHA1" || headers["x-acs-signature-version"] !== "1.0")
    refuse("InvalidSignatureVersion", 400);
  if (nonce === "" || nonce.length > NONCE_LENGTH_MAX) refuse("InvalidSignatureNonce", 400);
  const key = keys.find(id) ?? refuse("InvalidAccessKeyId", 403);
  if (!sameSignature(signature, roaSignature(request, key.secret))) refuse("SignatureDoesNotMatch", 403);
  if (key !== keys.root) refuse("NoPermission", 403);
  if (body.length > limits.requestBodyBytesMax) refuse("RequestBodyTooLarge", 413);
  const sent = parseDate(headers["date"] ?? "") ?? refuse("InvalidTimeStamp.Format", 400);
  if (Math.abs(now - sent) > limits.clockSkewMs) refuse("InvalidTimeStamp.Expired", 403);
  const md5 = headers["content-md5"];
  if (md5 !== undefined && md5 !== contentMd5(body)) refuse("ContentMD5NotMatched", 400);
  const first = nonces.take(nonce, now, sent + limits.clockSkewMs);
  if (first === undefined) refuse("Throttling.User", 429);
  if (!first) refuse("SignatureNonceUsed", 403);
}

const texts = {
  MissingAuthorization: "Authorization is mandatory for this action.",
  InvalidSignatureVersion: "Only signatures of method HMAC-SHA1 and version 1.0 are supported.",
  InvalidSignatureNonce: "x-acs-signature-nonce is missing or too long.",
  InvalidAccessKeyId: "Specified access key is not found.",
  SignatureDoesNotMatch: "Specified signature is not matched with our calculation.",
  NoPermission: "You are not authorized to do this action.",
  RequestBodyTooLarge: "The size of the request body is too large.",
  "InvalidTimeStamp.Format": "Specified date is not well formatted.",
  "InvalidTimeStamp.Expired": "Specified date is expired.",
  ContentMD5NotMatched: "Specified Content-MD5 is not matched with our calculation.",
  "Throttling.User": "Request was denied due to user flow control.",
  SignatureNonceUsed: "Specified signature nonce was used already.",
} as const;

function refuse(code: keyof typeof texts, status: number): never {
  throw new ServiceError(status, code, texts[code]);
}

/** `Tue, 14 Nov 2023 22:13:20 GMT`, in milliseconds since 1970; undefined for anything else. */
function parseDate(text: string): number | undefined {
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
