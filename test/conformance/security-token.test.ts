import { expect, it } from "vitest";
import { signedRequest } from "../../src/wire/headers.ts";
import { refusalOf } from "./caller.ts";
import { describeEverywhere, type Endpoint } from "./endpoints.ts";

const empty = new Uint8Array(0);
const list = (
  { transport, clock }: Endpoint,
  key: { readonly id: string; readonly secret: string; readonly token?: string | undefined },
  instance = "first",
) => transport(signedRequest("ListTable", instance, key, empty, clock.now()));

describeEverywhere("a security token", (open) => {
  it("lets a temporary key in, which nothing else does", async () => {
    const endpoint = await open();
    const key = endpoint.server.temporaryKey({ seconds: 900 });
    expect(key.id).toMatch(/^STS\./);
    expect((await list(endpoint, key)).status).toBe(200);
    for (const token of [undefined, "", `${key.token}x`]) {
      expect(refusalOf(await list(endpoint, { ...key, token }))).toEqual({
        status: 403,
        code: "OTSAuthFailed",
        text: "The AccessKeyID does not exist.",
      });
    }
  });

  it("is signed: another put in its place afterwards is refused", async () => {
    const endpoint = await open();
    const [key, other] = [endpoint.server.temporaryKey({ seconds: 900 }), endpoint.server.temporaryKey({ seconds: 900 })];
    const request = signedRequest("ListTable", "first", key, empty, endpoint.clock.now());
    const changed = { ...request, headers: { ...request.headers, "x-ots-ststoken": other.token } };
    expect(refusalOf(await endpoint.transport(changed)).text).toBe("Signature mismatch.");
  });

  it("ends at its time", async () => {
    const endpoint = await open();
    const key = endpoint.server.temporaryKey({ seconds: 900 });
    await endpoint.clock.advance(899_999);
    expect((await list(endpoint, key)).status).toBe(200);
    await endpoint.clock.advance(1);
    expect(refusalOf(await list(endpoint, key)).text).toBe("The AccessKeyID is disabled.");
    endpoint.server.temporaryKey({ seconds: 900 });
    expect(refusalOf(await list(endpoint, key)).text).toBe("The AccessKeyID does not exist.");
  });

  it("opens the instance it was made for, no other, and administers nothing", async () => {
    const endpoint = await open();
    const key = endpoint.server.temporaryKey({ seconds: 900, instance: "second" });
    expect((await list(endpoint, key, "second")).status).toBe(200);
    const denied = "The user has no privilege to access the instance.";
    expect(refusalOf(await list(endpoint, key)).text).toBe(denied);
    const wide = endpoint.server.temporaryKey({ seconds: 900 });
    const ping = signedRequest("tableferry/admin", "first", wide, Buffer.from('{"op":"ping"}'), endpoint.clock.now());
    expect(refusalOf(await endpoint.transport(ping)).text).toBe(denied);
  });

  it("beside a lasting key means nothing", async () => {
    const endpoint = await open();
    expect((await list(endpoint, { ...endpoint.server.rootKey, token: "whatever" })).status).toBe(200);
  });
});
