import { expect, it } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { openEmbeddedServer } from "../../src/server/embedded-server.ts";
import { signedRequest, wireDate } from "../../src/wire/headers.ts";
import { sameSignature, signingKeyV4, signRequest, signRequestV4, signResponse } from "../../src/wire/sign.ts";
import { refusalOf } from "./caller.ts";
import { describeEverywhere, type Endpoint } from "./endpoints.ts";

const empty = new Uint8Array(0);
const mismatch = { status: 403, code: "OTSAuthFailed", text: "Signature mismatch." };

/** A ListTable signed by version 4; `before` and `after` say when a header is put on, or taken off. */
function send(
  { transport, clock, server }: Endpoint,
  {
    date = "20231114",
    region = "cn-hangzhou",
    secret = server.rootKey.secret,
    before = {},
    after = {},
    both = false,
  }: {
    date?: string;
    region?: string;
    secret?: string;
    before?: Record<string, string>;
    after?: Record<string, string | undefined>;
    both?: boolean;
  } = {},
) {
  const { "x-ots-signature": first, ...plain } = signedRequest("ListTable", "first", server.rootKey, empty, clock.now()).headers;
  const headers: Record<string, string> = { ...plain, "x-ots-signdate": date, "x-ots-signregion": region, ...before };
  headers["x-ots-signaturev4"] = signRequestV4("/ListTable", headers, signingKeyV4(secret, date, region));
  if (both) headers["x-ots-signature"] = signRequest("/ListTable", headers, server.rootKey.secret);
  for (const [name, value] of Object.entries(after)) {
    if (value === undefined) delete headers[name];
    else headers[name] = value === "first" ? first! : value;
  }
  return transport({ path: "/ListTable", headers, body: empty });
}

describeEverywhere("signature version 4", (open) => {
  it("is accepted, and the reply is signed with the key derived for it", async () => {
    const endpoint = await open();
    const response = await send(endpoint);
    expect(response.status).toBe(200);
    const { id, secret } = endpoint.server.rootKey;
    const key = signingKeyV4(secret, "20231114", "cn-hangzhou");
    expect(response.headers["authorization"]).toBe(`OTS ${id}:${signResponse("/ListTable", response.headers, key)}`);
  });

  it("is accepted for any day and region, again and again", async () => {
    const endpoint = await open();
    for (const date of ["20231114", "20200229", "20991231"]) {
      for (const region of ["cn-hangzhou", "eu-central-1", ""]) expect((await send(endpoint, { date, region })).status).toBe(200);
    }
    expect((await send(endpoint)).status).toBe(200);
  });

  it("is refused when it is wrong, of another secret, day or region, or when a header was changed after signing", async () => {
    const endpoint = await open();
    const wrong = [
      await send(endpoint, { secret: "wrong" }),
      await send(endpoint, { after: { "x-ots-signaturev4": "" } }),
      await send(endpoint, { after: { "x-ots-signdate": "20231115" } }),
      await send(endpoint, { after: { "x-ots-signregion": "cn-shanghai" } }),
      await send(endpoint, { after: { "x-ots-extra": "1" } }),
    ];
    for (const response of wrong) expect(refusalOf(response)).toEqual(mismatch);
  });

  it("a refusal is signed too", async () => {
    const endpoint = await open();
    const response = await send(endpoint, { after: { "x-ots-signaturev4": "" } });
    const key = signingKeyV4(endpoint.server.rootKey.secret, "20231114", "cn-hangzhou");
    const signature = response.headers["authorization"]!.split(":").at(-1)!;
    expect(sameSignature(signature, signResponse("/ListTable", response.headers, key))).toBe(true);
  });

  it("needs its day and region, and the day must be one", async () => {
    const endpoint = await open();
    for (const name of ["x-ots-signdate", "x-ots-signregion", "x-ots-date"]) {
      expect(refusalOf(await send(endpoint, { after: { [name]: undefined } })).text).toBe(`Missing header: ${name}.`);
    }
    for (const date of ["2023-11-14", "20231314", "today", ""]) {
      expect(refusalOf(await send(endpoint, { date }))).toEqual({
        status: 400,
        code: "OTSParameterInvalid",
        text: `Invalid date format: ${date}.`,
      });
    }
  });

  it("allows 15 minutes between the clocks, either way", async () => {
    const endpoint = await open();
    const at = (ms: number) => send(endpoint, { before: { "x-ots-date": wireDate(endpoint.clock.now() + ms) } });
    for (const ms of [900_000, -900_000]) expect((await at(ms)).status).toBe(200);
    for (const ms of [901_000, -901_000]) expect(refusalOf(await at(ms)).text).toMatch(/^Mismatch between system time and x-ots-date/);
  });

  it("beside one of version 1 is accepted when both are right, and refused when either is wrong", async () => {
    const endpoint = await open();
    expect((await send(endpoint, { both: true })).status).toBe(200);
    expect(refusalOf(await send(endpoint, { after: { "x-ots-signature": "first" } }))).toEqual(mismatch);
    expect(refusalOf(await send(endpoint, { both: true, after: { "x-ots-signaturev4": "x" } }))).toEqual(mismatch);
  });
});

it("the reference's request of version 4 is accepted as it stands", async () => {
  const date = "2024-01-02T03:04:05.678Z";
  const keys = [{ id: "testak", secret: "testsk" }];
  const server = await openEmbeddedServer({ http: false, clock: new VirtualClock(Date.parse(date)), keys, instances: ["inst"] });
  const response = await server.handler({
    path: "/DescribeTable",
    headers: {
      "x-ots-date": date,
      "x-ots-apiversion": "2015-12-31",
      "x-ots-accesskeyid": "testak",
      "x-ots-contentmd5": "yLFeGnWRrRXWNgAc1U8CZQ==",
      "x-ots-instancename": "inst",
      "x-ots-signdate": "20240102",
      "x-ots-signregion": "cn-hangzhou",
      "x-ots-signaturev4": "SDb9NuIR8lzJQ3AdQoLv9i8aBr6wzQF8Ylfs/IlNGiU=",
    },
    body: Buffer.from("0a0174", "hex"),
  });
  expect(refusalOf(response).code).toBe("OTSObjectNotExist");
  await server.close();
});
