import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, test } from "vitest";

/** stacks/cloud as it stands, without a cloud: what it registers. */
const registered: { readonly type: string; readonly name: string; readonly inputs: Record<string, unknown> }[] = [];

beforeAll(async () => {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        registered.push({ type, name, inputs });
        return { id: `${name}-id`, state: inputs };
      },
      call: ({ inputs }) => inputs,
    },
    "tableferry-cloud",
    "dev",
  );
  pulumi.runtime.setAllConfig({ "alicloud:region": "cn-hangzhou" });
  await import("../../../stacks/cloud/index.ts");
  await pulumi.runtime.disconnect();
});

const one = (type: string) => registered.find((resource) => resource.type === type)?.inputs;

test("the cloud stack provisions through @pulumi/alicloud and runs its jobs through tableferry", () => {
  expect(registered.map(({ type }) => type).toSorted()).toEqual([
    "alicloud:ots/instance:Instance",
    "alicloud:ots/table:Table",
    "pulumi-nodejs:dynamic/tableferry:Migration",
    "pulumi-nodejs:dynamic/tableferry:Verification",
    "tableferry:index:Instance",
    "tableferry:index:Table",
  ]);
});

test("its jobs read and write the region's endpoints with credentials found at run time", () => {
  expect(one("pulumi-nodejs:dynamic/tableferry:Migration")).toMatchObject({
    source: { endpoint: "https://orders-legacy.cn-hangzhou.ots.aliyuncs.com", table: "orders", credentials: { chain: true } },
    target: {
      endpoint: "https://orders-modern.cn-hangzhou.ots.aliyuncs.com",
      instance: "orders-modern",
      table: "orders",
      credentials: { chain: true },
    },
    quiescent: false,
  });
});

test("the verification compares what the migration has written", () => {
  expect(one("pulumi-nodejs:dynamic/tableferry:Verification")).toMatchObject({ target: { instance: "orders-modern", table: "orders" } });
});
