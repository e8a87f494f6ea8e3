import { expect, it } from "vitest";
import { contentMd5 } from "../../src/wire/sign.ts";
import type { WireRequest } from "../../src/wire/transport.ts";
import { describeEverywhere, describeOnDisk, type Endpoint } from "./endpoints.ts";
import { RoaCaller, type RoaReply } from "./roa-caller.ts";

const REGION = "cn-hangzhou";
const roaOf = ({ transport, clock, server }: Endpoint, key = server.rootKey) => new RoaCaller(transport, clock, key);
/** Everything that the provider sends when an instance is made (reference 8.1). */
const shop = {
  RegionId: REGION,
  ClusterType: "HYBRID",
  InstanceName: "shop",
  ResourceGroupId: "rg-1",
  InstanceDescription: "of the shop",
  NetworkTypeACL: ["VPC", "CLASSIC"],
  NetworkSourceACL: ["TRUST_PROXY"],
  Tags: [
    { Key: "team", Value: "blue" },
    { Key: "for", Value: "" },
  ],
};
const outcome = ({ status, body }: RoaReply) => [status, body["Code"]];

describeEverywhere("instances by the control plane", (open) => {
  const prepared = async () => {
    const endpoint = await open();
    const roa = roaOf(endpoint);
    const instance = async (InstanceName: string) => (await roa.get("getinstance", { RegionId: REGION, InstanceName })).body;
    return { endpoint, roa, instance };
  };

  it("come in the cluster types that the provider asks for first", async () => {
    const { roa } = await prepared();
    expect(await roa.get("listclustertype")).toEqual({
      status: 200,
      body: { RequestId: expect.any(String), ClusterTypes: ["SSD", "HYBRID"] },
    });
  });

  it("are made, are normal at once, and keep every attribute", async () => {
    const { endpoint, roa, instance } = await prepared();
    expect(await roa.post("createinstance", shop)).toEqual({ status: 200, body: { RequestId: expect.stringMatching(/./) } });
    expect(await instance("shop")).toEqual({
      RequestId: expect.any(String),
      InstanceName: "shop",
      AliasName: "",
      InstanceDescription: "of the shop",
      InstanceStatus: "normal",
      InstanceSpecification: "HYBRID",
      StorageType: "HYBRID",
      PaymentType: "PayAsYouGo",
      RegionId: REGION,
      UserId: expect.stringMatching(/^\d+$/),
      ResourceGroupId: "rg-1",
      CreateTime: "2023-11-14T22:13:20Z",
      Timestamp: "2023-11-14T22:13:20Z",
      Network: "NORMAL",
      NetworkTypeACL: ["VPC", "CLASSIC"],
      NetworkSourceACL: ["TRUST_PROXY"],
      Policy: "",
      PolicyVersion: 0,
      TableQuota: 64,
      Quota: { TableQuota: 64 },
      Tags: shop.Tags,
    });
    await endpoint.caller.on("shop").createTable("t", [{ name: "pk", type: "string" }]);
  });

  it("that were made without it have the defaults", async () => {
    const { instance } = await prepared();
    expect(await instance("first")).toMatchObject({
      InstanceSpecification: "SSD",
      Network: "NORMAL",
      NetworkTypeACL: ["VPC", "CLASSIC", "INTERNET"],
      NetworkSourceACL: ["TRUST_PROXY"],
      Tags: [],
    });
  });

  it("are made with the network alone, as where the lists are null", async () => {
    const { roa, instance } = await prepared();
    await roa.post("createinstance", { ...shop, Network: "VPC_CONSOLE", NetworkTypeACL: null, NetworkSourceACL: null });
    expect(await instance("shop")).toMatchObject({ Network: "VPC_CONSOLE", NetworkTypeACL: ["VPC", "CLASSIC", "INTERNET"] });
  });

  it("are made once, and under no name that the service does not take", async () => {
    const { endpoint, roa } = await prepared();
    expect(outcome(await roa.post("createinstance", { ...shop, InstanceName: "first" }))).toEqual([409, "ObjectAlreadyExist"]);
    for (const InstanceName of ["ab", "1ab", "ab-", "a_b", "a".repeat(17), "", undefined, 7]) {
      expect(outcome(await roa.post("createinstance", { ...shop, InstanceName }))).toEqual([400, "ValidationFailed"]);
    }
    expect(endpoint.server.instances()).toEqual(["first", "second"]);
  });

  it.each([
    { ClusterType: "GOLD" },
    { ClusterType: undefined },
    { InstanceDescription: "ab" },
    { InstanceDescription: "x".repeat(257) },
    { Network: "LAN" },
    { NetworkTypeACL: ["VPN"] },
    { NetworkTypeACL: "VPC" },
    { NetworkSourceACL: [1] },
    { Tags: [{ Value: "without key" }] },
    { Tags: ["team"] },
    { Tags: [{ Key: "k".repeat(65), Value: "" }] },
    { Tags: [{ Key: "k", Value: "v".repeat(65) }] },
    { Tags: Array.from({ length: 21 }, (_, i) => ({ Key: `k${i}`, Value: "" })) },
    { Policy: "{" },
    { Policy: '{"Version":"1","Statement":[{"Effect":"Perhaps"}]}' },
    { Policy: " ".repeat(4001) },
  ])("are not made with what makes no sense: %j", async (wrong) => {
    const { endpoint, roa } = await prepared();
    const { status, body } = await roa.post("createinstance", { ...shop, ...wrong });
    expect([status, body["Code"]]).toEqual([400, "ValidationFailed"]);
    expect(body["Message"]).toMatch(/\.$|Statement|policy/);
    expect(endpoint.server.instances()).toEqual(["first", "second"]);
  });

  it("are deleted when they are empty, and are not found from then on", async () => {
    const { endpoint, roa } = await prepared();
    await roa.post("createinstance", shop);
    await endpoint.caller.on("shop").createTable("t", [{ name: "pk", type: "string" }]);
    expect(await roa.post("deleteinstance", { RegionId: REGION, InstanceName: "shop" })).toEqual({
      status: 400,
      body: { RequestId: expect.any(String), Code: "ValidationFailed", Message: "The instance is not empty." },
    });
    await endpoint.caller.on("shop").call("DeleteTable", { tableName: "t" });
    expect((await roa.post("deleteinstance", { InstanceName: "shop" })).status).toBe(200);
    for (const reply of [
      await roa.get("getinstance", { RegionId: REGION, InstanceName: "shop" }),
      await roa.post("deleteinstance", { InstanceName: "shop" }),
      await roa.post("updateinstance", { InstanceName: "shop" }),
      await roa.post("changeresourcegroup", { ResourceId: "shop", NewResourceGroupId: "rg-2" }),
      await roa.post("untagresources", { ResourceType: "INSTANCE", ResourceIds: ["shop"], TagKeys: ["team"] }),
    ])
      expect(outcome(reply)).toEqual([404, "NotFound"]);
  });

  it("are changed in what is named, and in nothing else", async () => {
    const { roa, instance } = await prepared();
    await roa.post("createinstance", shop);
    const before = await instance("shop");
    await roa.post("updateinstance", { RegionId: REGION, InstanceName: "shop", NetworkTypeACL: ["INTERNET"], NetworkSourceACL: [] });
    await roa.post("updateinstance", { InstanceName: "shop", Network: "VPC", AliasName: "the shop" });
    await roa.post("changeresourcegroup", { ResourceId: "shop", NewResourceGroupId: "rg-2" });
    expect(await instance("shop")).toEqual({
      ...before,
      RequestId: expect.any(String),
      NetworkTypeACL: ["INTERNET"],
      NetworkSourceACL: [],
      Network: "VPC",
      AliasName: "the shop",
      ResourceGroupId: "rg-2",
    });
    expect(outcome(await roa.post("updateinstance", { InstanceName: "shop", Network: "LAN" }))).toEqual([400, "ValidationFailed"]);
  });

  it("are tagged and untagged, several at once, all or none", async () => {
    const { roa, instance } = await prepared();
    const tag = (ResourceIds: string[], Tags: object[]) =>
      roa.post("tagresources", { RegionId: REGION, ResourceType: "INSTANCE", ResourceIds, Tags });
    await tag(["first", "second"], [{ Key: "team", Value: "red" }]);
    await tag(
      ["first"],
      [
        { Key: "team", Value: "blue" },
        { Key: "__proto__", Value: "x" },
      ],
    );
    expect(outcome(await tag(["second", "none"], [{ Key: "lost", Value: "x" }]))).toEqual([404, "NotFound"]);
    expect((await instance("first"))["Tags"]).toEqual([
      { Key: "team", Value: "blue" },
      { Key: "__proto__", Value: "x" },
    ]);
    expect((await instance("second"))["Tags"]).toEqual([{ Key: "team", Value: "red" }]);
    const untag = (more: object) => roa.post("untagresources", { ResourceType: "instance", ResourceIds: ["first"], ...more });
    await untag({ TagKeys: ["team", "unknown"] });
    expect((await instance("first"))["Tags"]).toEqual([{ Key: "__proto__", Value: "x" }]);
    await untag({ All: true });
    expect((await instance("first"))["Tags"]).toEqual([]);
    for (const wrong of [{}, { ResourceIds: [], TagKeys: ["k"] }, { ResourceType: "TABLE", TagKeys: ["k"] }])
      expect(outcome(await untag(wrong))).toEqual([400, "ValidationFailed"]);
    expect(outcome(await tag(["first"], []))).toEqual([400, "ValidationFailed"]);
  });

  it("tell of their access policy, and come with one that holds", async () => {
    const { endpoint, roa, instance } = await prepared();
    const statement = { Effect: "Deny", Principal: ["*"], Action: ["ots:ListTable"], Resource: ["*"] };
    await roa.post("createinstance", { ...shop, Policy: JSON.stringify({ Version: "1", Statement: [statement] }) });
    expect(await endpoint.caller.on("shop").refusal("ListTable", {})).toMatchObject({ code: "OTSNoPermissionAccess" });
    const { Policy, PolicyVersion } = await instance("shop");
    expect([JSON.parse(String(Policy)), PolicyVersion]).toEqual([{ Version: "1", Statement: [statement] }, 1]);
    const removal = { op: "setPolicy", instance: "shop", policy: null };
    await endpoint.caller.send("tableferry/admin", Buffer.from(JSON.stringify(removal)));
    expect(await instance("shop")).toMatchObject({ Policy: "", PolicyVersion: 2 });
  });

  it("are listed by name, a page at a time", async () => {
    const { roa } = await prepared();
    await roa.post("createinstance", shop);
    const names: unknown[] = [];
    let token = "";
    do {
      const { body } = await roa.get("listinstances", { RegionId: REGION, MaxResults: "2", NextToken: token });
      const { Instances, TotalCount, NextToken } = body as { Instances: { InstanceName: string }[]; TotalCount: number; NextToken: string };
      names.push(Instances.map(({ InstanceName }) => InstanceName));
      expect(TotalCount).toBe(3);
      token = NextToken;
    } while (token !== "");
    expect(names).toEqual([["first", "second"], ["shop"]]);
  });

  it.each([
    [{ InstanceName: "s" }, ["first", "second", "shop"]],
    [{ InstanceName: "sh" }, ["shop"]],
    [{ InstanceNameList: "shop,first,none" }, ["first", "shop"]],
    [{ ResourceGroupId: "rg-1" }, ["shop"]],
    [{ Tag: '[{"Key":"team","Value":"blue"},{"Key":"for"}]' }, ["shop"]],
    [{ Tag: '[{"Key":"team","Value":"red"}]' }, []],
    [{ Status: "normal", MaxResults: "0" }, ["first", "second", "shop"]],
    [{ Status: "deleting" }, []],
  ])("are listed as asked for: %j", async (query, names) => {
    const { roa } = await prepared();
    await roa.post("createinstance", shop);
    const { Instances } = (await roa.get("listinstances", query)).body as { Instances: { InstanceName: string }[] };
    expect(Instances.map(({ InstanceName }) => InstanceName)).toEqual(names);
  });

  it.each([{ MaxResults: "201" }, { MaxResults: "-1" }, { MaxResults: "x" }, { Status: "gone" }, { Tag: "{" }, { Tag: "[1]" }])(
    "are not listed by what makes no sense: %j",
    async (query) => {
      const { roa } = await prepared();
      expect(outcome(await roa.get("listinstances", query as Record<string, string>))).toEqual([400, "ValidationFailed"]);
    },
  );
});

describeOnDisk("what the control plane was told", (open) => {
  it("is there after the server was closed and opened", async () => {
    const endpoint = await open();
    await roaOf(endpoint).post("createinstance", shop);
    await roaOf(endpoint).post("updateinstance", { InstanceName: "first", AliasName: "one" });
    const again = roaOf(await endpoint.reopen());
    const { body } = await again.get("getinstance", { InstanceName: "shop" });
    expect(body).toMatchObject({
      InstanceSpecification: "HYBRID",
      InstanceDescription: "of the shop",
      Tags: shop.Tags,
      ResourceGroupId: "rg-1",
    });
    expect((await again.get("getinstance", { InstanceName: "first" })).body["AliasName"]).toBe("one");
  });
});

describeEverywhere("calls of the control plane", (open) => {
  const ask = ["GET", "getinstance", { InstanceName: "first" }] as const;

  it("are refused without a valid signature, whatever they ask for", async () => {
    const endpoint = await open();
    const roa = roaOf(endpoint);
    const wrong = roaOf(endpoint, { ...endpoint.server.rootKey, secret: "wrong" });
    const unknown = roaOf(endpoint, { id: "unknown", secret: "x" });
    const signed = roa.request(...ask);
    const { authorization: _, ...unsigned } = signed.headers;
    const tampered: [WireRequest, string][] = [
      [{ ...signed, headers: unsigned }, "MissingAuthorization"],
      [{ ...signed, headers: { ...signed.headers, authorization: "acs x" } }, "MissingAuthorization"],
      [{ ...signed, path: "/v2/openapi/getinstance?InstanceName=second" }, "SignatureDoesNotMatch"],
      [{ ...signed, headers: { ...signed.headers, "x-acs-version": "2020-12-10" } }, "SignatureDoesNotMatch"],
      [{ ...signed, headers: { ...signed.headers, accept: "text/plain" } }, "SignatureDoesNotMatch"],
      [{ ...signed, method: "POST" }, "SignatureDoesNotMatch"],
      [wrong.request(...ask), "SignatureDoesNotMatch"],
      [wrong.request("GET", "nothing"), "SignatureDoesNotMatch"],
      [unknown.request(...ask), "InvalidAccessKeyId"],
      [roa.request(...ask, undefined, { "x-acs-signature-version": "2.0" }), "InvalidSignatureVersion"],
      [roa.request(...ask, undefined, { "x-acs-signature-method": "HMAC-MD5" }), "InvalidSignatureVersion"],
      [roa.request(...ask, undefined, { "x-acs-signature-nonce": "" }), "InvalidSignatureNonce"],
      [roa.request(...ask, undefined, { date: "2023-11-14T22:13:20Z" }), "InvalidTimeStamp.Format"],
    ];
    for (const [request, code] of tampered) {
      const { status, body } = await roa.send(request);
      expect([status >= 400 && status < 500 && status !== 404, body]).toEqual([
        true,
        { RequestId: expect.any(String), Code: code, Message: expect.stringMatching(/./) },
      ]);
    }
    expect((await roa.send(signed)).status).toBe(200);
  });

  it("are refused when their date is off by more than a quarter of an hour", async () => {
    const endpoint = await open();
    const roa = roaOf(endpoint);
    const dated = (ms: number) => roa.send(roa.request(...ask, undefined, { date: new Date(endpoint.clock.now() + ms).toUTCString() }));
    expect((await dated(-15 * 60_000)).status).toBe(200);
    expect((await dated(15 * 60_000)).status).toBe(200);
    expect(outcome(await dated(-15 * 60_000 - 1000))).toEqual([403, "InvalidTimeStamp.Expired"]);
    expect(outcome(await dated(15 * 60_000 + 1000))).toEqual([403, "InvalidTimeStamp.Expired"]);
  });

  it("are taken once: whoever saw one cannot send it again, with whatever body", async () => {
    const endpoint = await open();
    const roa = roaOf(endpoint);
    const seen = roa.request("POST", "createinstance", {}, shop);
    expect((await roa.send(seen)).status).toBe(200);
    const other = Buffer.from(JSON.stringify({ ...shop, InstanceName: "other" }));
    expect(outcome(await roa.send({ ...seen, body: other }))).toEqual([403, "SignatureNonceUsed"]);
    expect(endpoint.server.instances()).toEqual(["first", "second", "shop"]);
  });

  it("are refused when their body is not the one whose checksum they carry", async () => {
    const endpoint = await open();
    const roa = roaOf(endpoint);
    const md5 = (body: object) => ({ "content-md5": contentMd5(Buffer.from(JSON.stringify(body))) });
    const post = (more: Record<string, string>) => roa.send(roa.request("POST", "createinstance", {}, shop, more));
    expect(outcome(await post(md5({})))).toEqual([400, "ContentMD5NotMatched"]);
    expect((await post(md5(shop))).status).toBe(200);
  });

  it("are for the owner of the root key alone", async () => {
    const endpoint = await open();
    const reply = await endpoint.caller.send("tableferry/admin", Buffer.from('{"op":"createInstance","name":"first","ownKey":true}'));
    const { key } = JSON.parse(Buffer.from(reply.body).toString()) as { key: { id: string; secret: string } };
    expect(outcome(await roaOf(endpoint, key).get("getinstance", { InstanceName: "first" }))).toEqual([403, "NoPermission"]);
    const temporary = endpoint.server.temporaryKey({ seconds: 60 });
    expect(outcome(await roaOf(endpoint, temporary).get("getinstance", { InstanceName: "first" }))).toEqual([403, "NoPermission"]);
  });

  it("that are unknown, of the other method, or without a JSON object are refused", async () => {
    const endpoint = await open();
    const roa = roaOf(endpoint);
    expect(outcome(await roa.get("toString"))).toEqual([400, "InvalidAction.Unsupported"]);
    expect(outcome(await roa.post("updateinstancepolicy", {}))).toEqual([400, "InvalidAction.Unsupported"]);
    expect(outcome(await roa.get("createinstance"))).toEqual([405, "UnsupportedHTTPMethod"]);
    expect(outcome(await roa.post("getinstance", {}))).toEqual([405, "UnsupportedHTTPMethod"]);
    expect(outcome(await roa.get("getinstance"))).toEqual([400, "ValidationFailed"]);
    for (const body of [[], null, "x"]) expect(outcome(await roa.post("createinstance", body))).toEqual([400, "ValidationFailed"]);
  });
});
