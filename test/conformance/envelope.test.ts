import { expect, it } from "vitest";
import { distrust, signedRequest, wireDate } from "../../src/wire/headers.ts";
import { contentMd5, signRequest } from "../../src/wire/sign.ts";
import type { WireRequest } from "../../src/wire/transport.ts";
import { refusalOf } from "./caller.ts";
import { describeEverywhere, type Endpoint } from "./endpoints.ts";

const authFailed = (text: string) => ({ status: 403, code: "OTSAuthFailed", text });
const empty = new Uint8Array(0);

/** A ListTable, changed before or after it is signed. */
async function send(
  { transport, clock, server }: Endpoint,
  change: {
    path?: string;
    instance?: string;
    headers?: Record<string, string>;
    after?: Record<string, string | undefined>;
    body?: Uint8Array;
    sentBody?: Uint8Array;
  },
) {
  const path = change.path ?? "/ListTable";
  const body = change.body ?? empty;
  const signed = signedRequest(path.slice(1), change.instance ?? "first", server.rootKey, body, clock.now());
  const headers: Record<string, string> = { ...signed.headers, ...change.headers };
  delete headers["x-ots-signature"];
  headers["x-ots-signature"] = signRequest(path, headers, server.rootKey.secret);
  for (const [name, value] of Object.entries(change.after ?? {})) {
    if (value === undefined) delete headers[name];
    else headers[name] = value;
  }
  const request: WireRequest = { path, headers, body: change.sentBody ?? body };
  return transport(request);
}

describeEverywhere("the envelope", (open) => {
  it("signs successes and refusals alike, with date, checksum and a request id of its own", async () => {
    const endpoint = await open();
    const responses = [await send(endpoint, {}), await send(endpoint, {}), await send(endpoint, { path: "/Nonsense" })];
    for (const [i, response] of responses.entries()) {
      expect(distrust(i === 2 ? "/Nonsense" : "/ListTable", response, endpoint.server.rootKey)).toBeUndefined();
      expect(response.headers["authorization"]).toMatch(new RegExp(`^OTS ${endpoint.server.rootKey.id}:`));
      expect(response.headers["x-ots-date"]).toBe(wireDate(endpoint.clock.now()));
    }
    expect(new Set(responses.map(({ headers }) => headers["x-ots-requestid"])).size).toBe(3);
  });

  it("refuses a wrong signature, an unknown key and a header changed after signing", async () => {
    const endpoint = await open();
    const { server, clock, transport } = endpoint;
    const wrongSecret = signedRequest("ListTable", "first", { id: server.rootKey.id, secret: "wrong" }, empty, clock.now());
    const refused = await transport(wrongSecret);
    expect(refusalOf(refused)).toEqual(authFailed("Signature mismatch."));
    expect(distrust("/ListTable", refused, server.rootKey)).toBeUndefined();
    const unknown = await transport(signedRequest("ListTable", "first", { id: "nobody", secret: "x" }, empty, clock.now()));
    expect(refusalOf(unknown)).toEqual(authFailed("The AccessKeyID does not exist."));
    expect(unknown.headers["authorization"]).toBeUndefined();
    expect(refusalOf(await send(endpoint, { after: { "x-ots-instancename": "second" } }))).toEqual(authFailed("Signature mismatch."));
    expect(refusalOf(await send(endpoint, { after: { "x-ots-extra": "1" } }))).toEqual(authFailed("Signature mismatch."));
    expect(refusalOf(await send(endpoint, { after: { "x-ots-signature": "" } }))).toEqual(authFailed("Signature mismatch."));
  });

  it("accepts further signed headers and ignores the others", async () => {
    const endpoint = await open();
    expect(
      (await send(endpoint, { headers: { "x-ots-sdk-traceid": " abc " }, after: { "user-agent": "x", "content-type": "text/plain" } }))
        .status,
    ).toBe(200);
  });

  it("refuses an instance that is not there", async () => {
    const endpoint = await open();
    expect(refusalOf(await send(endpoint, { instance: "third" }))).toEqual(authFailed("The instance is not found."));
  });

  it("refuses a body other than the one signed for", async () => {
    const endpoint = await open();
    const body = Buffer.from([0x0a, 0x01, 0x74]);
    expect(refusalOf(await send(endpoint, { path: "/DescribeTable", body, sentBody: Buffer.from([0x0a, 0x01, 0x75]) }))).toEqual(
      authFailed("Mismatch between MD5 value of request body and x-ots-contentmd5 in header."),
    );
  });

  it("allows 15 minutes between the clocks, no more, either way", async () => {
    const endpoint = await open();
    const at = (minutes: number) => send(endpoint, { headers: { "x-ots-date": wireDate(endpoint.clock.now() + minutes * 60_000) } });
    expect((await at(15)).status).toBe(200);
    expect((await at(-15)).status).toBe(200);
    for (const minutes of [15.02, -15.02]) {
      const date = wireDate(endpoint.clock.now() + minutes * 60_000);
      expect(refusalOf(await at(minutes))).toEqual(authFailed(`Mismatch between system time and x-ots-date: ${date}.`));
    }
  });

  it("reads the dates of every client, and refuses what is none", async () => {
    const endpoint = await open();
    const date = wireDate(endpoint.clock.now());
    for (const form of [date, date.replace(/\.\d+Z/, ".000Z"), date.replace(/\.\d+Z/, ".111423Z")]) {
      expect((await send(endpoint, { headers: { "x-ots-date": form } })).status).toBe(200);
    }
    expect(refusalOf(await send(endpoint, { headers: { "x-ots-date": "yesterday" } }))).toEqual({
      status: 400,
      code: "OTSParameterInvalid",
      text: "Invalid date format: yesterday.",
    });
  });

  it("names the header that is missing", async () => {
    const endpoint = await open();
    for (const name of [
      "x-ots-date",
      "x-ots-apiversion",
      "x-ots-accesskeyid",
      "x-ots-contentmd5",
      "x-ots-instancename",
      "x-ots-signature",
    ]) {
      expect(refusalOf(await send(endpoint, { after: { [name]: undefined } }))).toEqual({
        status: 400,
        code: "OTSParameterInvalid",
        text: `Missing header: ${name}.`,
      });
    }
  });

  it("refuses operations it does not have by their name", async () => {
    const endpoint = await open();
    for (const name of ["Search", "SQLQuery", "CreateSearchIndex", "tunnel/lock", "constructor", "toString"]) {
      expect(refusalOf(await send(endpoint, { path: `/${name}` }))).toEqual({
        status: 400,
        code: "OTSParameterInvalid",
        text: `Unsupported operation: ${name}.`,
      });
    }
  });

  it("refuses bodies that are no message", async () => {
    const endpoint = await open();
    expect(refusalOf(await send(endpoint, { path: "/DescribeTable", body: Buffer.from([0x0a, 0xff]) }))).toEqual({
      status: 400,
      code: "OTSParameterInvalid",
      text: "Parse PBMessage from RawString failed.",
    });
  });

  it("refuses a body over 5 MB", async () => {
    const endpoint = await open();
    const body = new Uint8Array(5 * 1024 * 1024 + 1);
    expect(refusalOf(await send(endpoint, { body }))).toEqual({
      status: 413,
      code: "OTSRequestBodyTooLarge",
      text: "The size of POST data is too large.",
    });
    expect((await send(endpoint, {})).status).toBe(200);
  });

  it("lets a key of one instance into no other", async () => {
    const endpoint = await open();
    const reply = await endpoint.caller.send(
      "tableferry/admin",
      Buffer.from(JSON.stringify({ op: "createInstance", name: "third", ownKey: true })),
    );
    const { key } = JSON.parse(Buffer.from(reply.body).toString()) as { key: { id: string; secret: string } };
    const third = endpoint.caller.on("third", key);
    expect((await third.call("ListTable", {})).tableNames).toEqual([]);
    expect(refusalOf(await third.on("first").send("ListTable", empty))).toEqual(
      authFailed("The user has no privilege to access the instance."),
    );
    expect(refusalOf(await third.send("tableferry/admin", Buffer.from('{"op":"ping"}')))).toEqual(
      authFailed("The user has no privilege to access the instance."),
    );
    expect(contentMd5(empty)).toBe("1B2M2Y8AsgTpgAmY7PhCfg==");
  });
});
