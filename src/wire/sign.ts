import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { hmacSha1 } from "./hmac-sha1.ts";

/**
 * Signatures of requests and responses (reference 1.4 to 1.6). Header names are lower case throughout; every `x-ots-*` header
 * but the signature itself is signed, which is what all four official SDKs do.
 */
const SIGNATURE_V1 = "x-ots-signature";
const SIGNATURE_V4 = "x-ots-signaturev4";

/** So few names are sorted as they come, at half the price of a call of `sort`. */
const INSERTED_MAX = 12;

/** Base64 of the MD5 of a body; an empty body has one too. */
export function contentMd5(body: Uint8Array): string {
  return hash("md5", body, "base64");
}

/** Version 1 signature of a request: HMAC-SHA1 with the secret over path, method, an empty query and the headers. */
export function signRequest(path: string, headers: Readonly<Record<string, string>>, secret: string): string {
  return hmacSha1(secret, requestText(path, headers));
}

/** The key of version 4, as text: the HMAC is keyed with the base64 text, not with the digest (reference 1.5). */
export function signingKeyV4(secret: string, date: string, region: string): string {
  let key: Buffer = createHmac("sha256", `aliyun_v4${secret}`).update(date).digest();
  for (const part of [region, "ots", "aliyun_v4_request"]) key = createHmac("sha256", key).update(part).digest();
  return key.toString("base64");
}

/** Version 4 signature of a request; `key` is from `signingKeyV4`, and the headers name its date and region. */
export function signRequestV4(path: string, headers: Readonly<Record<string, string>>, key: string): string {
  return createHmac("sha256", key)
    .update(`${requestText(path, headers)}ots`)
    .digest("base64");
}

/** Signature of a response; stands in `authorization: OTS <access key id>:<signature>`. */
export function signResponse(path: string, headers: Readonly<Record<string, string>>, secret: string): string {
  return hmacSha1(secret, `${canonicalHeaders(headers)}${path}`);
}

/** Compares two signatures in time that does not depend on where they differ; their lengths are no secret. */
export function sameSignature(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function requestText(path: string, headers: Readonly<Record<string, string>>): string {
  return `${path}\nPOST\n\n${canonicalHeaders(headers)}`;
}

function canonicalHeaders(headers: Readonly<Record<string, string>>): string {
  const names: string[] = [];
  for (const name in headers) {
    if (!name.startsWith("x-ots-") || name === SIGNATURE_V1 || name === SIGNATURE_V4) continue;
    let at = names.push(name) - 1;
    if (at >= INSERTED_MAX) continue;
    for (; at > 0 && names[at - 1]! > name; at--) names[at] = names[at - 1]!;
    names[at] = name;
  }
  if (names.length > INSERTED_MAX) names.sort();
  let text = "";
  for (const name of names) text += `${name}:${headers[name]!.trim()}\n`;
  return text;
}
