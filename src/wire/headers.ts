import { contentMd5, sameSignature, signRequest, signResponse } from "./sign.ts";
import type { WireRequest, WireResponse } from "./transport.ts";

/** The version all data operations carry (reference 1.2). */
export const API_VERSION = "2015-12-31";

/**
 * Our own header: for so many milliseconds at most, a read of a drained channel of a tunnel may be answered later, once there is something. It is not
 * signed, since its name does not begin with x-ots, and the service ignores it.
 */
export const WAIT_HEADER = "x-tableferry-wait";

/** Who signs: an access key, with a token when it is a temporary one. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  readonly token?: string | undefined;
}

/** The last date and its text: many messages leave in one millisecond. */
let dated = { ms: 0, text: "1970-01-01T00:00:00.000Z" };

/** `2024-01-02T03:04:05.678Z`, the form all clients but Go send (reference 1.3). */
export function wireDate(ms: number): string {
  if (ms !== dated.ms) dated = { ms, text: new Date(ms).toISOString() };
  return dated.text;
}

/** The last second read and its text: many messages are of one second. */
let read = { text: "1970-01-01T00:00:00", ms: 0 };

/** Milliseconds since 1970, or undefined. The fraction is ignored: Go's is not milliseconds (reference 1.3). */
export function parseWireDate(text: string): number | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$/.exec(text);
  if (match === null) return undefined;
  const second = match[1]!;
  if (second !== read.text) read = { text: second, ms: Date.parse(`${second}Z`) };
  return Number.isNaN(read.ms) ? undefined : read.ms;
}

/** A request ready to send. `waitMs`: see WAIT_HEADER. */
export function signedRequest(
  operation: string,
  instance: string,
  key: AccessKey,
  body: Uint8Array,
  nowMs: number,
  waitMs?: number,
): WireRequest {
  const path = `/${operation}`;
  const headers: Record<string, string> = {
    "x-ots-date": wireDate(nowMs),
    "x-ots-apiversion": API_VERSION,
    "x-ots-accesskeyid": key.id,
    "x-ots-contentmd5": contentMd5(body),
    "x-ots-instancename": instance,
  };
  if (key.token !== undefined) headers["x-ots-ststoken"] = key.token;
  headers["x-ots-signature"] = signRequest(path, headers, key.secret);
  if (waitMs !== undefined) headers[WAIT_HEADER] = String(waitMs);
  return { path, headers, body };
}

/**
 * Adds to a reply what every client checks (reference 1.6). Without a key (unknown caller) it stays unsigned.
 * @param compressed sent in place of the body, which the checksum is of all the same (reference 1.7)
 */
export function signedResponse(
  path: string,
  status: number,
  body: Uint8Array,
  requestId: string,
  nowMs: number,
  key: Pick<AccessKey, "id" | "secret"> | undefined,
  compressed?: Uint8Array,
): WireResponse {
  const headers: Record<string, string> = {
    // In the order they are signed in, which spares sorting them.
    "x-ots-contentmd5": contentMd5(body),
    "x-ots-contenttype": "protocol buffer",
    "x-ots-date": wireDate(nowMs),
    "x-ots-requestid": requestId,
  };
  if (compressed !== undefined) {
    headers["x-ots-response-compress-size"] = String(body.length);
    headers["x-ots-response-compress-type"] = "deflate";
  }
  if (key !== undefined) headers["authorization"] = `OTS ${key.id}:${signResponse(path, headers, key.secret)}`;
  return { status, headers, body: compressed ?? body };
}

/**
 * Why a successful reply cannot be trusted, or undefined when its signature and checksum are right. `bodyToo` false leaves the checksum of the body to
 * whoever reads it.
 */
export function distrust(path: string, response: WireResponse, key: Pick<AccessKey, "id" | "secret">, bodyToo = true): string | undefined {
  const { headers, body } = response;
  for (const name of ["x-ots-contentmd5", "x-ots-contenttype", "authorization"]) {
    if (headers[name] === undefined) return `the header ${name} is missing`;
  }
  const signature = headers["authorization"]!.slice(headers["authorization"]!.lastIndexOf(":") + 1);
  if (!sameSignature(signature, signResponse(path, headers, key.secret))) return "the signature does not match";
  return !bodyToo || headers["x-ots-contentmd5"] === contentMd5(body) ? undefined : "the checksum of the body does not match";
}
