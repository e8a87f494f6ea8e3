/** Of a request over HTTP/1.1: its request line and headers, as far as they say how it goes on. */
export interface RequestHead {
  /** As sent; upper and lower case differ. */
  readonly method: string;
  /** With its query; of a target in absolute form what stands behind the host. */
  readonly path: string;
  /** Names in lower case; values of a repeated name joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** How long the body is: so many bytes, or in chunks that say it themselves. */
  readonly body: number | "chunked";
  /** The client will have the connection closed behind the answer. */
  readonly last: boolean;
  /** The client waits to be told that it may send the body. */
  readonly expectsContinue: boolean;
}

/** Status of a head that cannot be read, or that expects what is not done here. */
export type HeadRefusal = 400 | 417;

/** Bytes of a head at most. */
export const headBytesMax = 16 * 1024;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const DELETE = 0x7f;
const VERSION_LENGTH = "HTTP/1.1".length;
/** Of a length: more are no number of bytes that anybody sends. */
const DIGITS_MAX = 15;

/** Of a byte of a name or method (RFC 9110, 5.6.2) the same in lower case; 0 for one that neither has. */
const lower = new Uint8Array(256);
for (const letter of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") lower[letter.charCodeAt(0)] = letter.charCodeAt(0);
for (let upper = 0x41; upper <= 0x5a; upper++) lower[upper] = upper | 0x20;

/** What clients of Table Store send, by length: these names are not made anew for every request. */
const knownNames: { readonly name: string; readonly bytes: Uint8Array }[][] = Array.from({ length: 32 }, () => []);
for (const name of [
  ...["host", "connection", "user-agent", "content-type", "content-length", "transfer-encoding", "expect", "accept", "accept-encoding"],
  ...["x-ots-date", "x-ots-apiversion", "x-ots-accesskeyid", "x-ots-contentmd5", "x-ots-instancename", "x-ots-signature", "x-ots-ststoken"],
  ...["x-ots-signaturev4", "x-ots-signdate", "x-ots-signregion", "x-ots-sdk-traceid", "x-ots-trace-threshold", "x-ots-trace-id"],
  ...["x-ots-request-priority", "x-ots-request-compress-type", "x-ots-request-compress-size", "x-ots-response-compress-type"],
  ...["x-tableferry-wait"],
]) {
  knownNames[name.length]!.push({ name, bytes: Buffer.from(name) });
}

/** A record that inherits no name, whatever clients call their headers. Not `Object.create(null)`, which V8 makes a hash table of. */
class HeaderRecord {
  [name: string]: string;
}
Reflect.deleteProperty(HeaderRecord.prototype, "constructor");
Object.setPrototypeOf(HeaderRecord.prototype, null);

/**
 * Reads a head from `bytes[from, to)`, every line of it with its end, without the blank line; `bytes[to - 2]` and `[to - 1]` are CR and LF. Strict (RFC 9112), because two
 * readers that disagree about a head let a request be smuggled past one of them: lines end with CR LF and do not go on in the next, no space stands before a
 * colon, a length is said once and in one way.
 */
export function parseRequestHead(bytes: Buffer, from: number, to: number): RequestHead | HeadRefusal {
  const methodEnd = endOfName(bytes, from);
  if (methodEnd === from || bytes[methodEnd] !== SPACE) return 400;
  const targetEnd = endOfTarget(bytes, methodEnd + 1);
  if (targetEnd === methodEnd + 1 || bytes[targetEnd] !== SPACE) return 400;
  const lineEnd = targetEnd + 1 + VERSION_LENGTH;
  if (lineEnd + 2 > to || bytes[lineEnd] !== RETURN || bytes[lineEnd + 1] !== LINE_FEED) return 400;
  const text = bytes.toString("latin1", from, to);
  const version = text.slice(targetEnd + 1 - from, lineEnd - from);
  if (version !== "HTTP/1.1" && version !== "HTTP/1.0") return 400;
  const headers = readHeaders(bytes, lineEnd + 2, to, text, from);
  const path = pathOf(text.slice(methodEnd + 1 - from, targetEnd - from));
  return headers === undefined ? 400 : judged(text.slice(0, methodEnd - from), path, headers, version === "HTTP/1.1");
}

/** Undefined where a line is no header. `text` is what `bytes` say from `origin` on. */
function readHeaders(bytes: Buffer, from: number, to: number, text: string, origin: number): Record<string, string> | undefined {
  const headers: Record<string, string> = new HeaderRecord();
  let at = from;
  while (at < to) {
    const colon = endOfName(bytes, at);
    if (colon === at || bytes[colon] !== COLON) return undefined;
    const lineEnd = endOfValue(bytes, colon + 1);
    if (bytes[lineEnd] !== RETURN || bytes[lineEnd + 1] !== LINE_FEED) return undefined;
    let [start, end] = [colon + 1, lineEnd];
    while (start < end && isBlank(bytes[start]!)) start++;
    while (end > start && isBlank(bytes[end - 1]!)) end--;
    const name = knownName(bytes, at, colon) ?? text.slice(at - origin, colon - origin).toLowerCase();
    const value = text.slice(start - origin, end - origin);
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
    at = lineEnd + 2;
  }
  return headers;
}

function judged(method: string, path: string | undefined, headers: Record<string, string>, isCurrent: boolean): RequestHead | HeadRefusal {
  const host = headers["host"];
  // One host and no more: a repeated one is joined by a comma, which no host has.
  if (host === undefined ? isCurrent : host.includes(",")) return 400;
  const body = bodyLengthOf(headers, isCurrent);
  if (body === undefined) return 400;
  // Others than POST are refused anyway, in the service's words; their targets may have forms of their own.
  if (path === undefined && method === "POST") return 400;
  const expected = isCurrent ? headers["expect"]?.toLowerCase() : undefined;
  if (expected !== undefined && expected !== "100-continue") return 417;
  const connection = headers["connection"];
  const last = !isCurrent || (connection !== undefined && connection !== "keep-alive" && saysClose(connection));
  return { method, path: path ?? "/", headers, body, last, expectsContinue: expected !== undefined };
}

/** Undefined where it is said in two ways, or no number, or in a coding that is not known. */
function bodyLengthOf(headers: Readonly<Record<string, string>>, isCurrent: boolean): number | "chunked" | undefined {
  const coding = headers["transfer-encoding"];
  const length = headers["content-length"];
  if (coding !== undefined) return isCurrent && length === undefined && coding.toLowerCase() === "chunked" ? "chunked" : undefined;
  return length === undefined ? 0 : decimalOf(length);
}

/** Undefined for anything but some digits. */
function decimalOf(text: string): number | undefined {
  if (text.length === 0 || text.length > DIGITS_MAX) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** Undefined for a target that names no resource: `*`, or a host alone. */
function pathOf(target: string): string | undefined {
  if (target.startsWith("/")) return target;
  const absolute = /^https?:\/\/[^/?]+(.*)$/i.exec(target);
  if (absolute === null) return undefined;
  return absolute[1]!.startsWith("/") ? absolute[1] : `/${absolute[1]!}`;
}

function saysClose(connection: string): boolean {
  return connection
    .toLowerCase()
    .split(",")
    .some((option) => option.trim() === "close");
}

function endOfName(bytes: Buffer, from: number): number {
  let at = from;
  while (lower[bytes[at]!] !== 0) at++;
  return at;
}

function endOfTarget(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at]! > SPACE && bytes[at]! < DELETE) at++;
  return at;
}

function endOfValue(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at]!;
    if ((byte < SPACE && byte !== TAB) || byte === DELETE) return at;
    at++;
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

function knownName(bytes: Buffer, from: number, to: number): string | undefined {
  for (const known of knownNames[to - from] ?? []) {
    let i = 0;
    while (i < known.bytes.length && lower[bytes[from + i]!] === known.bytes[i]) i++;
    if (i === known.bytes.length) return known.name;
  }
  return undefined;
}
