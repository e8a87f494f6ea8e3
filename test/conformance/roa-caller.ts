import { createHmac } from "node:crypto";
import type { Clock } from "../../src/base/clock.ts";
import type { Transport, WireRequest } from "../../src/wire/transport.ts";

export interface RoaReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Query = Readonly<Record<string, string>>;

/** No nonce is sent twice, whoever sends it. */
let calls = 0;

/** Calls the control plane as the provider's client does (tea-roa 1.3.4, reference 8.1), with a signer of its own. */
export class RoaCaller {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #key: { readonly id: string; readonly secret: string };

  constructor(transport: Transport, clock: Clock, key: { readonly id: string; readonly secret: string }) {
    this.#transport = transport;
    this.#clock = clock;
    this.#key = key;
  }

  get(call: string, query: Query = {}): Promise<RoaReply> {
    return this.send(this.request("GET", call, query));
  }

  post(call: string, body: unknown): Promise<RoaReply> {
    return this.send(this.request("POST", call, {}, body));
  }

  /** A signed request; `more` are headers that take the place of others before it is signed. */
  request(method: string, call: string, query: Query = {}, body?: unknown, more: Readonly<Record<string, string>> = {}): WireRequest {
    const path = `/v2/openapi/${call}`;
    const headers: Record<string, string> = {
      date: new Date(this.#clock.now()).toUTCString(),
      accept: "application/json",
      "x-acs-signature-nonce": `nonce-${++calls}`,
      "x-acs-signature-method": "HMAC-SHA1",
      "x-acs-signature-version": "1.0",
      "x-acs-version": "2020-12-09",
      "user-agent": "TeaDSL/1",
      ...(body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
      ...more,
    };
    headers["authorization"] = `acs ${this.#key.id}:${this.#sign(method, path, query, headers)}`;
    const escaped = new URLSearchParams(query).toString();
    const bytes = body === undefined ? new Uint8Array(0) : Buffer.from(JSON.stringify(body));
    return { method, path: escaped === "" ? path : `${path}?${escaped}`, headers, body: bytes };
  }

  async send(request: WireRequest): Promise<RoaReply> {
    const { status, headers, body } = await this.#transport(request);
    if (headers["content-type"] !== "application/json; charset=utf-8") throw new Error(`no JSON but ${headers["content-type"]}`);
    return { status, body: JSON.parse(Buffer.from(body).toString()) as RoaReply["body"] };
  }

  #sign(method: string, path: string, query: Query, headers: Query): string {
    const [accept, md5, type, date] = ["accept", "content-md5", "content-type", "date"].map((name) => headers[name] ?? "");
    const own = Object.entries(headers).filter(([name]) => name.startsWith("x-acs-"));
    const lines = own.map(([name, value]) => `${name}:${value}\n`).sort();
    const pairs = Object.entries(query).map(([name, value]) => (value === "" ? name : `${name}=${value}`));
    const resource = pairs.length === 0 ? path : `${path}?${pairs.sort().join("&")}`;
    const text = `${method}\n${accept}\n${md5}\n${type}\n${date}\n${lines.join("")}${resource}`;
    return createHmac("sha1", this.#key.secret).update(text).digest("base64");
  }
}
