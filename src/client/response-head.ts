/** How long a reply's body is: so many bytes, in chunks that say it themselves, or until the connection ends. */
export type BodyLength = number | "chunked" | "until-end";

/** Status line and headers of a reply over HTTP/1.1. */
export interface ResponseHead {
  readonly status: number;
  /** Names in lower case; values of a repeated name joined by a comma. */
  readonly headers: Record<string, string>;
  readonly body: BodyLength;
  /** The connection may carry another request behind this reply. */
  readonly reusable: boolean;
  /** Milliseconds for which the other side promises to keep an idle connection; undefined: it does not say. */
  readonly keepAliveMs: number | undefined;
}

/** Bytes of status line and headers at most. */
export const headBytesMax = 64 * 1024;

/**
 * Reads a head, given up to and without its blank line. Undefined for an interim reply (1xx), behind which the real one follows.
 * @throws Error when it is no head of HTTP/1.x, or says two lengths
 */
export function parseHead(text: string): ResponseHead | undefined {
  const lines = text.split("\r\n");
  const status = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(lines[0]!);
  if (status === null) throw new Error("the answer is not HTTP/1.1");
  const code = Number(status[2]);
  if (code < 200) return undefined;
  const headers: Record<string, string> = Object.create(null);
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    const colon = line.indexOf(":");
    if (colon <= 0) throw new Error("a header of the answer has no name");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  const body = code === 204 || code === 304 ? 0 : bodyLengthOf(headers);
  const connection = headers["connection"]?.toLowerCase();
  const stays = status[1] === "1" ? connection !== "close" : connection === "keep-alive";
  const seconds = /(?:^|[ ,])timeout=(\d+)/.exec(headers["keep-alive"] ?? "")?.[1];
  return {
    status: code,
    headers,
    body,
    reusable: stays && body !== "until-end",
    keepAliveMs: seconds === undefined ? undefined : Number(seconds) * 1000,
  };
}

/** Where both are said the length is not believed: a way to smuggle a second reply. */
function bodyLengthOf(headers: Readonly<Record<string, string>>): BodyLength {
  const coding = headers["transfer-encoding"];
  const length = headers["content-length"];
  if (coding !== undefined) {
    if (length !== undefined || coding.toLowerCase() !== "chunked") throw new Error("the answer says its length in two ways");
    return "chunked";
  }
  if (length === undefined) return "until-end";
  if (!/^\d{1,15}$/.test(length)) throw new Error("the length of the answer is no number");
  return Number(length);
}
