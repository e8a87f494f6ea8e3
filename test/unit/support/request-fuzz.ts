import { deflateSync } from "node:zlib";
import { seededChance, type Chance } from "../../../src/base/chance.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { openEmbeddedServer } from "../../../src/server/embedded-server.ts";
import type { RequestEvent } from "../../../src/server/server.ts";
import { decodeErrorBody } from "../../../src/wire/error-body.ts";
import { distrust, signedRequest, wireDate } from "../../../src/wire/headers.ts";
import { isOperationName, operations } from "../../../src/wire/operation/operations.ts";
import { signingKeyV4, signRequest, signRequestV4 } from "../../../src/wire/sign.ts";
import type { Transport, WireRequest, WireResponse } from "../../../src/wire/transport.ts";
import { Caller, tableRequest } from "../../conformance/caller.ts";
import { fuzzSeeds, fuzzTables, type FuzzSeed } from "./fuzz-seeds.ts";
import { liveSeeds, liveTables } from "./live-seeds.ts";
import { mutated, pick } from "./mutate.ts";

/** What must not happen, and how to see it again: `npm run fuzz -- seed=… round=…`. */
export interface Finding {
  readonly round: number;
  readonly case: number;
  readonly what: string;
  readonly path: string;
  readonly headers: WireRequest["headers"];
  readonly bodyHex: string;
}

export interface FuzzRound {
  readonly seed: number;
  readonly round: number;
  readonly cases: number;
  /** Told before each case, so that one which never ends can be named. */
  readonly onCase?: ((number: number) => void) | undefined;
  /** Stands between the requests and the server, to see whether a fault of it would be found. */
  readonly spoil?: ((server: Transport) => Transport) | undefined;
}

export interface FuzzReport {
  readonly findings: readonly Finding[];
  /** Replies by status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Operations that were answered, not refused, at least once. */
  readonly answered: ReadonlySet<string>;
}

/** A case of a few hundred bytes that takes this long is a finding, whatever it answers. */
const CASE_MS = 2000;
/** So many cases name the tunnels, clients, streams and transactions that were made before them; then others are made. */
const LIVE_CASES = 16;
/** Stands in everything that the other instance holds, and in nothing that is sent. */
const CANARY = "canary_5f1c0a7e";

/**
 * Sends mutated requests, rightly signed with a key of one instance, to a server of its own in process. None may crash it, hang, answer 5xx, be answered with what is no message,
 * or bring to light a byte of the other instance. The same seed and round give the same cases.
 */
export async function fuzzRound({ seed, round, cases, onCase, spoil = (transport) => transport }: FuzzRound): Promise<FuzzReport> {
  const chance = seededChance(seed * 100_003 + round);
  const clock = new VirtualClock();
  const events: RequestEvent[] = [];
  const server = await openEmbeddedServer({
    http: false,
    clock,
    chance: seededChance(round),
    instances: ["one", "two"],
    log: (event) => events.push(event),
  });
  const root = new Caller(server.handler, clock, server.rootKey, "one");
  const key = server.temporaryKey({ seconds: 1e9, instance: "one" });
  const tables = [...fuzzTables, ...liveTables];
  for (const table of tables) await root.call("CreateTable", table);
  const other = root.on("two");
  for (const table of [...tables, tableRequest(CANARY, [{ name: "pk", type: "string" }])]) await other.call("CreateTable", table);
  for (const tableName of ["t", "s", CANARY]) await other.put(tableName, { pk: CANARY }, { [CANARY]: CANARY, c: CANARY });
  const foreign = await liveSeeds(other, 0);
  const canaries = async () =>
    JSON.stringify(
      [await other.get("t", { pk: CANARY }), await other.call("ListTable", {}), await other.call("tunnel/list", {})],
      (_, value: unknown) => (typeof value === "bigint" ? String(value) : value),
    );
  const before = await canaries();

  const handler = spoil(server.handler);
  const findings: Finding[] = [];
  const statuses = new Map<number, number>();
  const seeds = fuzzSeeds(Math.floor(chance.next() * 2 ** 31));
  const bodies = seeds.map(({ body }) => body);
  const answered = new Set<string>();
  let live: readonly FuzzSeed[] = [];
  for (let number = 0; number < cases; number++) {
    onCase?.(number);
    if (number % LIVE_CASES === 0) {
      // A table that a case has deleted is there for the next ones.
      for (const table of tables) await root.call("CreateTable", table).catch(() => undefined);
      live = await liveSeeds(root, number);
    }
    const source = chance.next();
    const seed = pick(chance, source < 0.3 ? live : source < 0.35 ? foreign : seeds);
    const request = fuzzedRequest(seed, bodies, chance, clock.now(), key);
    events.length = 0;
    const found = (what: string) => {
      const { path, headers, body } = request;
      findings.push({ round, case: number, what, path, headers, bodyHex: Buffer.from(body).toString("hex") });
    };
    const started = systemClock.monotonic();
    const response = await Promise.race([
      handler(request).catch((error: unknown) => `rejected: ${String(error)}`),
      systemClock.sleep(CASE_MS * 5).then(() => "no answer"),
    ]);
    if (typeof response === "string") {
      found(response);
      break;
    }
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    if (response.status === 200) answered.add(request.path.slice(1));
    const wrong =
      wrongWith(request, response, key) ?? (events[0]?.error === undefined ? undefined : `an error within: ${String(events[0].error)}`);
    if (wrong !== undefined) found(wrong);
    if (systemClock.monotonic() - started > CASE_MS) found(`took ${Math.round(systemClock.monotonic() - started)} ms`);
    // The other instance's bytes go through the same memory all the while.
    if (number % LIVE_CASES === 0 && (await canaries()) !== before) found("the other instance is not what it was");
  }
  await server.close();
  return { findings, statuses, answered };
}

function wrongWith(
  request: WireRequest,
  response: WireResponse,
  key: { readonly id: string; readonly secret: string },
): string | undefined {
  const { status, headers, body } = response;
  if (Buffer.from(body).includes(CANARY) || JSON.stringify(headers).includes(CANARY)) return "a leak from the other instance";
  if (status !== 200 && (status < 400 || status > 499)) return `status ${status} ${decodeErrorBody(body, status).code}`;
  if (headers["x-ots-response-compress-type"] !== undefined) return undefined;
  if (status !== 200) return /^OTS[A-Za-z]+$/.test(decodeErrorBody(body, status).code) ? undefined : "a refusal that is no error message";
  const name = request.path.slice(1);
  try {
    if (isOperationName(name)) operations[name].decodeResponse(body);
  } catch (error) {
    return `a reply that is no message: ${String(error)}`;
  }
  const distrusted = request.headers["x-ots-signaturev4"] === undefined ? distrust(request.path, response, key) : undefined;
  return distrusted === undefined ? undefined : `a reply that is not signed well: ${distrusted}`;
}

/** Mostly broken bodies, some broken headers, some of both, and some that are as they were meant, so that there is something to find. */
function fuzzedRequest(
  { operation, body: meant }: FuzzSeed,
  bodies: readonly Uint8Array[],
  chance: Chance,
  now: number,
  key: { readonly id: string; readonly secret: string; readonly token: string },
): WireRequest {
  const fate = chance.next();
  const body = fate < 0.2 ? meant : mutated(meant, chance, bodies);
  const request = signedRequest(operation, "one", key, body, now);
  if (fate < 0.75) return request;
  const headers: Record<string, string> = { ...request.headers };
  for (let left = 1 + Math.floor(chance.next() * 3); left > 0; left--) changeHeader(headers, chance, now);
  const sent = chance.next() < 0.5 && headers["x-ots-request-compress-type"] !== undefined ? deflated(headers, body, chance) : body;
  const path =
    chance.next() < 0.05
      ? pick(chance, [
          "/",
          "",
          "//",
          "/tableferry/admin",
          "/toString",
          `/${operation}/`,
          "/GetRow?x=1",
          "/%00",
          "/v2/openapi/getinstance?InstanceName=two",
        ])
      : request.path;
  if (chance.next() < 0.8) sign(path, headers, key.secret, chance);
  return { path, headers, body: sent };
}

const names = [
  "x-ots-date",
  "x-ots-apiversion",
  "x-ots-accesskeyid",
  "x-ots-contentmd5",
  "x-ots-instancename",
  "x-ots-ststoken",
  "x-ots-signature",
  "x-ots-signaturev4",
  "x-ots-signdate",
  "x-ots-signregion",
  "x-ots-request-compress-type",
  "x-ots-request-compress-size",
  "x-ots-response-compress-type",
  "x-ots-sdk-traceid",
  "x-ots-",
  "__proto__",
  "constructor",
];
const texts = [
  "",
  " ",
  "deflate",
  "gzip",
  "0",
  "-1",
  "5242881",
  "99999999999999999999",
  "NaN",
  "one",
  "two",
  "20231114",
  "cn-hangzhou",
  "\u00e9",
  "a\nb",
  "x".repeat(9000),
  "2023-11-14T22:13:20.000Z",
  "2023-02-31T00:00:00Z",
];

function changeHeader(headers: Record<string, string>, chance: Chance, now: number): void {
  const name = pick(chance, names);
  const fate = chance.next();
  if (fate < 0.15) delete headers[name];
  else if (fate < 0.3)
    headers[name] = mutated(Buffer.from(Object.hasOwn(headers, name) ? headers[name]! : "x"), chance, [Buffer.from("x-ots")]).toString(
      "latin1",
    );
  else if (fate < 0.4) headers["x-ots-date"] = wireDate(now + (chance.next() - 0.5) * 4_000_000);
  else if (fate < 0.5) headers["x-ots-response-compress-type"] = "deflate";
  else if (fate < 0.6)
    Object.assign(headers, { "x-ots-request-compress-type": "deflate", "x-ots-request-compress-size": pick(chance, texts) });
  else headers[name] = pick(chance, texts);
}

/** A body that is compressed as the headers say, or nearly. */
function deflated(headers: Record<string, string>, body: Uint8Array, chance: Chance): Uint8Array {
  headers["x-ots-request-compress-type"] = "deflate";
  headers["x-ots-request-compress-size"] = String(body.length + (chance.next() < 0.7 ? 0 : Math.floor(chance.next() * 5) - 2));
  const whole = deflateSync(body);
  return chance.next() < 0.7 ? whole : mutated(whole, chance, [body]);
}

function sign(path: string, headers: Record<string, string>, secret: string, chance: Chance): void {
  if (chance.next() < 0.3) {
    headers["x-ots-signdate"] ??= "20231114";
    headers["x-ots-signregion"] ??= "cn-hangzhou";
    headers["x-ots-signaturev4"] = signRequestV4(
      path,
      headers,
      signingKeyV4(secret, headers["x-ots-signdate"], headers["x-ots-signregion"]),
    );
    if (chance.next() < 0.7) delete headers["x-ots-signature"];
  }
  if (headers["x-ots-signature"] !== undefined) headers["x-ots-signature"] = signRequest(path, headers, secret);
}
