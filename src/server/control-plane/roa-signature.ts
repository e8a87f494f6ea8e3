import { createHmac } from "node:crypto";
import type { WireRequest } from "../../wire/transport.ts";

/**
 * Signature version 1.0 of the cloud's REST calls ("ROA"), as the tea-roa client makes it: HMAC-SHA1, in base64, over method, accept, content-md5, content-type and
 * date, every x-acs-* header in order of names, and the path with its query in order of names, neither names nor values escaped; an empty value has no equals sign.
 * The body is signed only through content-md5, which the client does not send.
 */
export function roaSignature({ method = "POST", path, headers }: WireRequest, secret: string): string {
  const lines = [method, ...["accept", "content-md5", "content-type", "date"].map((name) => headers[name] ?? "")];
  const names = Object.keys(headers).filter((name) => name.startsWith("x-acs-"));
  for (const name of names.sort()) lines.push(`${name}:${headers[name]!}`);
  lines.push(resource(path));
  return createHmac("sha1", secret).update(lines.join("\n")).digest("base64");
}

/** The path of a request without its query, and the query by name. */
export function splitTarget(target: string): { readonly path: string; readonly query: ReadonlyMap<string, string> } {
  const at = target.indexOf("?");
  if (at < 0) return { path: target, query: new Map() };
  return { path: target.slice(0, at), query: new Map(new URLSearchParams(target.slice(at + 1))) };
}

function resource(target: string): string {
  const { path, query } = splitTarget(target);
  if (query.size === 0) return path;
  const pairs = [...query.keys()].sort().map((name) => (query.get(name) === "" ? name : `${name}=${query.get(name)!}`));
  return `${path}?${pairs.join("&")}`;
}
