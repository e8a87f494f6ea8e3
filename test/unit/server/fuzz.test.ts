import { expect, test } from "vitest";
import type { Transport, WireResponse } from "../../../src/wire/transport.ts";
import { fuzzRound } from "../support/request-fuzz.ts";

/** Refused where what they name is not there. */
const byId = ["readrecords", "checkpoint", "getcheckpoint", "heartbeat", "connect", "shutdown", "schedule"]
  .map((call) => `tunnel/${call}`)
  .concat("GetStreamRecord", "GetShardIterator", "DescribeStream", "CommitTransaction", "AbortTransaction");

/** The long form is `npm run fuzz -- cases=100000`. */
test.each([0, 1, 2, 3])(
  "mutated requests are answered or refused, and show nothing of another instance (round %i of 500)",
  async (round) => {
    const { findings, statuses, answered } = await fuzzRound({ seed: 1, round, cases: 500 });
    expect(findings).toEqual([]);
    // That most are refused early must not hide that some are not.
    expect(statuses.get(200) ?? 0).toBeGreaterThan(25);
    expect(byId.filter((operation) => answered.has(operation)).length).toBeGreaterThan(4);
  },
);

const changed =
  (change: (response: WireResponse) => WireResponse) =>
  (server: Transport): Transport =>
  async (request) =>
    change(await server(request));

test.each<readonly [string, (server: Transport) => Transport]>([
  ["status 500 OTSServerUnavailable", changed((response) => ({ ...response, status: 500, body: new Uint8Array(0) }))],
  [
    "a leak from the other instance",
    changed((response) => ({ ...response, body: Buffer.concat([response.body, Buffer.from("canary_5f1c0a7e")]) })),
  ],
  ["rejected: Error: crash", () => () => Promise.reject(new Error("crash"))],
  ["a reply that is no message", changed((response) => ({ ...response, body: response.status === 200 ? Buffer.of(0xff) : response.body }))],
  ["a reply that is not signed well", changed((response) => ({ ...response, headers: {} }))],
])("%s would be found", async (what, spoil) => {
  const { findings } = await fuzzRound({ seed: 1, round: 0, cases: 50, spoil });
  expect(findings[0]?.what).toContain(what);
});
