import { limits } from "../model/limits.ts";
import { parseWireDate } from "../wire/headers.ts";
import { ServiceError } from "../wire/service-error.ts";
import { contentMd5, sameSignature, signRequest } from "../wire/sign.ts";
import type { WireRequest } from "../wire/transport.ts";
import type { AccessKey } from "./access-keys.ts";

const SIGNATURE = "x-ots-signature";
const required = ["x-ots-date", "x-ots-apiversion", "x-ots-accesskeyid", "x-ots-contentmd5", "x-ots-instancename", SIGNATURE] as const;

/**
 * Whether the request is what the owner of `key` signed, lately (reference 1.2 to 1.4, texts 1.8). The signature is judged before anything else
 * is told: who cannot sign learns nothing about instances or tables.
 * @throws OTSParameterInvalid for headers that are missing or cannot be read, OTSAuthFailed, OTSRequestBodyTooLarge
 */
export function authenticate(request: WireRequest, key: AccessKey | undefined, now: number): asserts key {
  const { headers, body } = request;
  for (const name of required) {
    if (headers[name] === undefined) throw new ServiceError(400, "OTSParameterInvalid", `Missing header: ${name}.`);
  }
  if (key === undefined) throw authFailed("The AccessKeyID does not exist.");
  if (body.length > limits.requestBodyBytesMax) {
    throw new ServiceError(413, "OTSRequestBodyTooLarge", "The size of POST data is too large.");
  }
  const date = headers["x-ots-date"]!;
  const sent = parseWireDate(date);
  if (sent === undefined) throw new ServiceError(400, "OTSParameterInvalid", `Invalid date format: ${date}.`);
  if (!sameSignature(headers[SIGNATURE]!, signRequest(request.path, headers, key.secret))) throw authFailed("Signature mismatch.");
  if (Math.abs(now - sent) > limits.clockSkewMs) throw authFailed(`Mismatch between system time and x-ots-date: ${date}.`);
  if (headers["x-ots-contentmd5"] !== contentMd5(body)) {
    throw authFailed("Mismatch between MD5 value of request body and x-ots-contentmd5 in header.");
  }
}

export function authFailed(text: string): ServiceError {
  return new ServiceError(403, "OTSAuthFailed", text);
}
