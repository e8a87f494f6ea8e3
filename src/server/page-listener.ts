import type { Server } from "node:http";
import { closed, endpointOf, listening, type Address } from "./listening.ts";

const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 16;

/** A page of text for whoever can reach the address, without a signature; for figures that say nothing of the data, on an address of this machine. */
export interface PageListener {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** What stands at one path of a page listener. */
export type Page = () => { readonly status: number; readonly text: string };

/** Serves plain text to whoever asks with GET. @throws TF_ADDRESS_IN_USE */
export async function servePages(pages: Readonly<Record<string, Page>>, address: Address): Promise<PageListener> {
  // Loaded when it is asked for, and not by an import, which would read this module's every export: one of them loads all of undici.
  const { createServer } = process.getBuiltinModule("node:http");
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_TIMEOUT_MS }, (incoming, outgoing) => {
    incoming.resume();
    const page = incoming.method === "GET" && Object.hasOwn(pages, incoming.url ?? "") ? pages[incoming.url!] : undefined;
    const { status, text } = page?.() ?? { status: 404, text: "" };
    outgoing.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    outgoing.end(text);
  });
  server.maxConnections = CONNECTIONS_MAX;
  const port = await listening(server, address);
  return { endpoint: endpointOf(address.host, port), close: () => finished(server) };
}

function finished(server: Server): Promise<void> {
  const ended = closed(server, () => server.closeAllConnections());
  server.closeIdleConnections();
  return ended;
}
