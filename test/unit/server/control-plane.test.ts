import fc from "fast-check";
import { expect, it } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { calls } from "../../../src/server/control-plane/calls.ts";
import { openEmbeddedServer } from "../../../src/server/embedded-server.ts";
import { RoaCaller } from "../../conformance/roa-caller.ts";

const names = ["InstanceName", "ClusterType", "InstanceDescription", "ResourceGroupId", "Network", "NetworkTypeACL", "NetworkSourceACL"];
const more = ["Policy", "Tags", "AliasName", "ResourceId", "NewResourceGroupId", "ResourceType", "ResourceIds", "TagKeys", "All"];
const value = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>("first", "second", "made", "SSD", "VPC", "INSTANCE", ["first"], ["VPC"], [{ Key: "k", Value: "v" }], null, ""),
);
const body = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names, ...more), value));
const query = fc.dictionary(
  fc.constantFrom(
    "InstanceName",
    "RegionId",
    "MaxResults",
    "NextToken",
    "Status",
    "Tag",
    "InstanceNameList",
    "ResourceGroupId",
    "\u00fc&=",
  ),
  fc.oneof(fc.string(), fc.constantFrom("first", "2", "normal", '[{"Key":"k"}]', "a b+c/%2")),
);
const call = fc.constantFrom(...Object.keys(calls).map((path) => path.slice("v2/openapi/".length)));

it("calls of the control plane are answered or refused in JSON, whatever they say, and break nothing", async () => {
  const clock = new VirtualClock();
  const errors: unknown[] = [];
  const server = await openEmbeddedServer({
    http: false,
    clock,
    instances: ["first", "second"],
    log: ({ error }) => error === undefined || errors.push(error),
  });
  const roa = new RoaCaller(server.handler, clock, server.rootKey);
  const answered = new Set<string>();
  await fc.assert(
    fc.asyncProperty(call, body, query, fc.boolean(), async (name, content, parameters, reads) => {
      const reply = await (reads ? roa.get(name, parameters) : roa.post(name, content));
      if (reply.status === 200) answered.add(name);
      else
        expect(reply).toMatchObject({
          status: expect.toSatisfy((status: number) => status >= 400 && status < 500),
          body: { Code: expect.stringMatching(/./) },
        });
    }),
    { numRuns: 2000 },
  );
  expect(errors).toEqual([]);
  expect([...answered]).toEqual(expect.arrayContaining(["listclustertype", "listinstances"]));
  await server.close();
});
