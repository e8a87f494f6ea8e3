import { limits } from "../model/limits.ts";
import { parseWireDate } from "../wire/headers.ts";
import { ServiceError } from "../wire/service-error.ts";
import { contentMd5, sameSignature, signRequest, signRequestV4 } from "../wire/sign.ts";
import type { WireRequest } from "../wire/transport.ts";
import type { AccessKey } from "./access-keys.ts";
import type { SigningKey } from "./signing-key.ts";

const SIGNATURE = "x-ots-signature";
const SIGNATURE_V4 = "x-ots-signaturev4";
const TOKEN = "x-ots-ststoken";
const always = ["x-ots-date", "x-ots-apiversion", "x-ots-accesskeyid", "x-ots-contentmd5", "x-ots-instancename"] as const;
const requiredOf = { 1: [...always, SIGNATURE], 4: [...always, SIGNATURE_V4, "x-ots-signdate", "x-ots-signregion"] } as const;

/** Milliseconds since 1970. */
export interface Times {
  /** By the clock that requests are dated by. */
  readonly wire: number;
  /** By the clock that temporary keys expire by. */
  readonly store: number;
}

/**
 * Whether the request is what the owner of `key` signed, lately (reference 1.2 to 1.5, texts 1.8), with signature version 1 or 4. The signature is judged before
 * anything else is told: who cannot sign learns nothing about instances or tables.
 * @param signing from `key` and the request
 * @throws OTSParameterInvalid for headers that are missing or cannot be read, OTSAuthFailed, OTSRequestBodyTooLarge
 */
export function authenticate(
  request: WireRequest,
  key: AccessKey | undefined,
  signing: SigningKey | undefined,
  now: Times,
): asserts key is AccessKey {
  const { headers, body } = request;
  for (const name of requiredOf[headers[SIGNATURE_V4] === undefined ? 1 : 4]) {
    if (headers[name] === undefined) throw new ServiceError(400, "OTSParameterInvalid", `Missing header: ${name}.`);
  }
  if (key === undefined || signing === undefined) throw authFailed("The AccessKeyID does not exist.");
  if (body.length > limits.requestBodyBytesMax) throw bodyTooLarge();
  const date = headers["x-ots-date"]!;
  const sent = parseWireDate(date) ?? invalidDate(date);
  if (signing.version === 4) checkSignDate(headers["x-ots-signdate"]!);
  checkSignatures(request, key, signing);
  if (Math.abs(now.wire - sent) > limits.clockSkewMs) throw authFailed(`Mismatch between system time and x-ots-date: ${date}.`);
  checkToken(key, headers[TOKEN], now.store);
  if (headers["x-ots-contentmd5"] !== contentMd5(body)) {
    throw authFailed("Mismatch between MD5 value of request body and x-ots-contentmd5 in header.");
  }
}

/** Clients send one signature; where there are two, neither may be wrong (unverified). */
function checkSignatures({ path, headers }: WireRequest, key: AccessKey, signing: SigningKey): void {
  const [first, fourth] = [headers[SIGNATURE], headers[SIGNATURE_V4]];
  if (first !== undefined && !sameSignature(first, signRequest(path, headers, key.secret))) throw authFailed("Signature mismatch.");
  if (fourth !== undefined && !sameSignature(fourth, signRequestV4(path, headers, signing.secret))) throw authFailed("Signature mismatch.");
}

/**
 * Any day will do: clients derive their key once and go on with it, and how long the service lets them is unknown. What is replayed is
 * known by `x-ots-date`, which is signed.
 */
function checkSignDate(text: string): void {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(text) ?? invalidDate(text);
  if (parseWireDate(`${year}-${month}-${day}T00:00:00Z`) === undefined) invalidDate(text);
}

/** A temporary key is none without its token, nor after its time (both texts unverified). A token beside a lasting key means nothing. */
function checkToken(key: AccessKey, token: string | undefined, now: number): void {
  if (key.token !== undefined && !sameSignature(token ?? "", key.token)) throw authFailed("The AccessKeyID does not exist.");
  if (key.expiresAt !== undefined && now >= key.expiresAt) throw authFailed("The AccessKeyID is disabled.");
}

function invalidDate(text: string): never {
  throw new ServiceError(400, "OTSParameterInvalid", `Invalid date format: ${text}.`);
}

export function bodyTooLarge(): ServiceError {
  return new ServiceError(413, "OTSRequestBodyTooLarge", "The size of POST data is too large.");
}

export function authFailed(text: string): ServiceError {
  return new ServiceError(403, "OTSAuthFailed", text);
}
