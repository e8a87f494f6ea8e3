import type { WireResponse } from "../../wire/transport.ts";

/** What the control plane answers, refusals too: JSON, not signed. */
export function controlReply(status: number, content: object): WireResponse {
  const headers = { "content-type": "application/json; charset=utf-8" };
  return { status, headers, body: Buffer.from(JSON.stringify(content)) };
}
