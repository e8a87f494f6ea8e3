import { expect, it } from "vitest";
import type { Caller } from "./caller.ts";
import { describeEverywhere, type Endpoint } from "./endpoints.ts";

/** Access policies of instances, as cut-over fences writers with them (R12). */
describeEverywhere("access policies of an instance", (open) => {
  const ask = async ({ caller }: Endpoint, request: object): Promise<unknown> => {
    const reply = await caller.send("tableferry/admin", Buffer.from(JSON.stringify(request)));
    return JSON.parse(Buffer.from(reply.body).toString());
  };
  const denyWrites = (resource: string, more: object = {}) => ({
    Version: "1",
    Statement: [
      {
        Effect: "Deny",
        Principal: ["*"],
        Action: ["ots:PutRow", "ots:UpdateRow", "ots:DeleteRow", "ots:BatchWriteRow"],
        Resource: [resource],
        ...more,
      },
    ],
  });
  const prepared = async () => {
    const endpoint = await open();
    for (const name of ["orders", "other"]) await endpoint.caller.createTable(name, [{ name: "pk", type: "string" }]);
    const policy = (document: object | null) => ask(endpoint, { op: "setPolicy", instance: "first", policy: document });
    const write = (table: string, caller: Caller = endpoint.caller) =>
      caller.writeBatch(table, [{ key: { pk: "a" }, cells: { v: "x" } }]).then(
        () => "written",
        (error: unknown) => /OTS\w+/.exec(String(error))?.[0],
      );
    return { endpoint, policy, write };
  };

  it("deny writes of one table to everybody, and leave its reads and other tables alone", async () => {
    const { endpoint, policy, write } = await prepared();
    await policy(denyWrites("acs:ots:*:*:instance/first/table/orders"));
    expect([await write("orders"), await write("other")]).toEqual(["OTSNoPermissionAccess", "written"]);
    expect(await endpoint.caller.call("DescribeTable", { tableName: "orders" })).toBeDefined();
    await policy(null);
    expect(await write("orders")).toBe("written");
  });

  it("deny everybody but the keys named", async () => {
    const { endpoint, policy, write } = await prepared();
    const { key } = (await ask(endpoint, { op: "createInstance", name: "first", ownKey: true })) as { key: { id: string; secret: string } };
    await policy(denyWrites("acs:ots:*:*:instance/first", { Principal: undefined, NotPrincipal: [key.id] }));
    expect(await write("orders")).toBe("OTSNoPermissionAccess");
    expect(await write("orders", endpoint.caller.on("first", key))).toBe("written");
  });

  it("hold in one instance only", async () => {
    const { endpoint, policy, write } = await prepared();
    const second = endpoint.caller.on("second");
    await second.createTable("orders", [{ name: "pk", type: "string" }]);
    await policy(denyWrites("acs:ots:*:*:instance/first/table/orders"));
    expect(await write("orders", second)).toBe("written");
  });

  it("can be read back", async () => {
    const { endpoint, policy } = await prepared();
    const document = denyWrites("acs:ots:*:*:instance/first/table/o*s");
    await policy(document);
    expect(await ask(endpoint, { op: "getPolicy", instance: "first" })).toEqual({ instance: "first", policy: document });
    expect(await ask(endpoint, { op: "getPolicy", instance: "second" })).toEqual({ instance: "second", policy: null });
  });

  it("are changed only from what was seen, where the caller says so", async () => {
    const { endpoint, policy } = await prepared();
    const [one, other] = ["orders", "other"].map((table) => denyWrites(`acs:ots:*:*:instance/first/table/${table}`));
    const change = (document: object | null, expected: object | null) =>
      ask(endpoint, { op: "setPolicy", instance: "first", policy: document, expected });
    expect(await change(one!, null)).toMatchObject({ changed: true, policy: one });
    expect(await change(other!, null)).toMatchObject({ changed: false, policy: one });
    expect(await change(other!, one!)).toMatchObject({ changed: true, policy: other });
    expect(await change(null, other!)).toMatchObject({ changed: true, policy: null });
    expect(await policy(one!)).toMatchObject({ changed: true });
  });

  it("are refused where they say what is not known here", async () => {
    const { policy } = await prepared();
    const wrong = [
      {},
      { Version: "1" },
      denyWrites("*", { Condition: {} }),
      denyWrites("*", { Effect: "Perhaps" }),
      denyWrites("*", { Action: [], Principal: undefined }),
    ];
    for (const document of wrong) expect(await policy(document)).toMatchObject({ error: { code: "TF_POLICY_INVALID" } });
  });
});
