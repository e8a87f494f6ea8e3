import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly importId: string | undefined;
}

/** Only `import()` after the mocks are in place sees them. */
type Components = typeof import("../../../components/index.ts");

let components: Components;
let registered: Registered[] = [];

beforeAll(async () => {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id: importId }) => {
        registered.push({ type, name, inputs, importId });
        // What check and create of the provider would add.
        const outputs = {
          instanceName: inputs["instanceName"] ?? inputs.__self?.name,
          tableName: inputs["tableName"] ?? inputs.__self?.name,
          tunnelName: inputs["tunnelName"] ?? inputs.__self?.name,
          storeId: inputs["storeId"] ?? "5a",
          incarnation: "made at noon",
        };
        return { id: `${name}-id`, state: { ...inputs, ...outputs } };
      },
      call: ({ inputs }) => inputs,
    },
    "project",
    "dev",
  );
  components = await import("../../../components/index.ts");
});

beforeEach(() => {
  registered = [];
});

const settled = async () => {
  // The mock engine answers over promises only; registrations are all made once its queue is empty.
  await pulumi.runtime.disconnect();
  return registered;
};
const custom = (type: string) => registered.filter((one) => one.type === type);
/** The mocks do not see options; a transformation does. */
const optionsSeen = () => {
  const seen = new Map<string, pulumi.ResourceOptions>();
  return { seen, opts: { transformations: [({ type, opts }) => void seen.set(type, opts)] } satisfies pulumi.ComponentResourceOptions };
};
const value = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => void output.apply(resolve));

describe("on an embedded store", () => {
  test("the provider stands in the state as one line that loads the package, told the resource's URN", async () => {
    new components.EmbeddedStore("laptop", { dataDir: ".tableferry/store" });
    await settled();
    const [store] = custom("pulumi-nodejs:dynamic/tableferry:EmbeddedStore");
    expect(store?.inputs).toEqual({
      dataDir: ".tableferry/store",
      __provider: "exports.handler = () => require('node:module').createRequire(process.cwd() + '/_')('tableferry/provider').embeddedStore",
      __self: { urn: "urn:pulumi:dev::project::pulumi-nodejs:dynamic/tableferry:EmbeddedStore::laptop", name: "laptop", dryRun: false },
    });
  });

  test("instances and tables name the store's address and the file of its keys, never a key", async () => {
    const store = { endpoint: "http://127.0.0.1:9", keysFile: ".tableferry/store/keys.json", storeId: "5a" };
    const instance = new components.Instance("legacy", { store });
    const table = new components.Table("orders", { instance, primaryKey: [{ name: "id", type: "string" }], adopt: true });
    expect(await value(table.place)).toEqual({
      type: "table-store",
      endpoint: "http://127.0.0.1:9",
      instance: "legacy",
      table: "orders",
      credentials: { file: ".tableferry/store/keys.json" },
    });
    await settled();
    expect(custom("pulumi-nodejs:dynamic/tableferry:Instance")).toMatchObject([{ name: "legacy-instance", inputs: store }]);
    expect(custom("pulumi-nodejs:dynamic/tableferry:Table")).toMatchObject([
      {
        name: "orders-table",
        inputs: { storeId: "5a", instanceName: "legacy", primaryKey: [{ name: "id", type: "string" }], adopt: true },
      },
    ]);
  });

  test("the thing is named by the component, so that its child's name does not show", async () => {
    const instance = new components.Instance("legacy", { store: { endpoint: "http://127.0.0.1:9", keysFile: "k" } });
    new components.Table("orders", { instance, primaryKey: [{ name: "id", type: "string" }] });
    await settled();
    expect(custom("pulumi-nodejs:dynamic/tableferry:Table")[0]?.inputs["__self"]).toMatchObject({ name: "orders" });
  });

  test("a sync job names its tunnel, runner and both tables, and is ended before it is made anew", async () => {
    const instance = new components.Instance("legacy", { store: { endpoint: "http://127.0.0.1:9", keysFile: "k" } });
    const [source, target] = ["orders", "copy"].map(
      (name) => new components.Table(name, { instance, primaryKey: [{ name: "id", type: "string" }] }),
    );
    const changes = new components.Tunnel("changes", { table: source!, retentionHours: 24 });
    const { seen, opts } = optionsSeen();
    new components.SyncJob("follow", { source: source!, target: target!, tunnel: changes, runner: { local: { workers: 2 } } }, opts);
    await settled();
    expect(custom("pulumi-nodejs:dynamic/tableferry:Tunnel")).toMatchObject([
      {
        name: "changes-tunnel",
        inputs: { tableName: "orders", incarnation: "made at noon", retentionHours: 24, __self: { name: "changes" } },
      },
    ]);
    expect(custom("pulumi-nodejs:dynamic/tableferry:SyncJob")).toMatchObject([
      {
        name: "follow",
        inputs: {
          source: { table: "orders" },
          target: { table: "copy" },
          tunnel: "changes",
          runner: { local: { workers: 2 } },
          sourceIncarnation: "made at noon",
        },
      },
    ]);
    expect(seen.get("pulumi-nodejs:dynamic/tableferry:SyncJob")).toMatchObject({ deleteBeforeReplace: true });
  });
});

describe("in the cloud", () => {
  test("tunnels are made by @pulumi/alicloud, and stay unless asked", async () => {
    const instance = new components.Instance("modern", { region: "cn-hangzhou" });
    const table = new components.Table("orders", { instance, primaryKey: [{ name: "id", type: "string" }] });
    const { seen, opts } = optionsSeen();
    const changes = new components.Tunnel("changes", { table, type: "BaseAndStream" }, opts);
    expect(await value(changes.tunnelName)).toBe("changes");
    await settled();
    expect(custom("alicloud:ots/tunnel:Tunnel")).toMatchObject([
      {
        name: "changes-tunnel",
        inputs: { instanceName: "modern", tableName: "orders", tunnelName: "changes", tunnelType: "BaseAndStream" },
      },
    ]);
    expect(seen.get("alicloud:ots/tunnel:Tunnel")).toMatchObject({ retainOnDelete: true });
  });

  test("instances and tables are made by @pulumi/alicloud", async () => {
    const instance = new components.Instance("modern", { region: "cn-hangzhou", description: "orders", tags: { team: "data" } });
    new components.Table("orders", {
      instance,
      tableName: "orders_v2",
      primaryKey: [
        { name: "customer", type: "string" },
        { name: "order", type: "integer" },
      ],
      maxDeviationSeconds: 90_000,
    });
    await settled();
    expect(custom("alicloud:ots/instance:Instance")).toMatchObject([
      { name: "modern-instance", inputs: { name: "modern", description: "orders", tags: { team: "data" } } },
    ]);
    expect(custom("alicloud:ots/table:Table")).toMatchObject([
      {
        name: "orders-table",
        inputs: {
          instanceName: "modern",
          tableName: "orders_v2",
          primaryKeys: [
            { name: "customer", type: "String" },
            { name: "order", type: "Integer" },
          ],
          timeToLive: -1,
          maxVersion: 1,
          deviationCellVersionInSec: "90000",
        },
        importId: "",
      },
    ]);
  });

  test.each([
    ["internet", "https://modern.cn-hangzhou.ots.aliyuncs.com"],
    ["vpc", "https://modern.cn-hangzhou.vpc.tablestore.aliyuncs.com"],
  ] as const)("jobs connect through the %s domain", async (network, endpoint) => {
    const instance = new components.Instance("modern", { region: "cn-hangzhou", network });
    expect(await value(instance.endpoint)).toBe(endpoint);
    expect(await value(instance.credentials)).toEqual({ chain: true });
    await settled();
  });

  test.each([
    ["is kept", undefined, true],
    ["is kept where an Output decides, which comes too late", pulumi.output(true), true],
    ["is deleted where deleteData says so", true, false],
  ])("on destroy, what holds rows %s", async (_title, deleteData, retained) => {
    const { seen, opts } = optionsSeen();
    const instance = new components.Instance("modern", { region: "cn-hangzhou", deleteData }, opts);
    new components.Table("orders", { instance, primaryKey: [{ name: "id", type: "string" }], deleteData }, opts);
    await settled();
    expect(seen.get("alicloud:ots/instance:Instance")?.retainOnDelete).toBe(retained);
    expect(seen.get("alicloud:ots/table:Table")?.retainOnDelete).toBe(retained);
  });

  test("a table is adopted by importing it", async () => {
    const instance = new components.Instance("modern", { region: "cn-hangzhou" });
    new components.Table("orders", { instance, primaryKey: [{ name: "id", type: "string" }], adopt: true });
    await settled();
    expect(custom("alicloud:ots/table:Table")[0]?.importId).toBe("modern:orders");
  });

  test("adopting a table whose name is not plain is refused before anything is registered", () => {
    const instance = new components.Instance("modern", { region: "cn-hangzhou" });
    const tableName = pulumi.output("orders");
    expect(
      () => new components.Table("orders", { instance, tableName, primaryKey: [{ name: "id", type: "string" }], adopt: true }),
    ).toThrow("plain text");
  });
});

describe("jobs", () => {
  test("a migration takes tables and endpoints as sides and passes everything else on as it stands", async () => {
    const instance = new components.Instance("legacy", { store: { endpoint: "http://127.0.0.1:9", keysFile: "k" } });
    const table = new components.Table("orders", { instance, primaryKey: [{ name: "id", type: "string" }] });
    new components.Migration("load", {
      source: { type: "file", path: "orders.csv" },
      target: table,
      limits: { workers: pulumi.output(2) },
      triggers: ["once"],
    });
    await settled();
    const [load] = custom("pulumi-nodejs:dynamic/tableferry:Migration");
    expect(load?.inputs).toMatchObject({
      source: { type: "file", path: "orders.csv" },
      target: { type: "table-store", instance: "legacy", table: "orders", credentials: { file: "k" } },
      targetIncarnation: "made at noon",
      limits: { workers: 2 },
      triggers: ["once"],
    });
  });

  test("a second migration that reads the first one's target waits for the first one", async () => {
    const load = new components.Migration("load", { source: { type: "file", path: "a.csv" }, target: { type: "file", path: "b.csv" } });
    new components.Verification("proof", { source: load.target, target: { type: "file", path: "c.csv" } });
    await settled();
    expect(custom("pulumi-nodejs:dynamic/tableferry:Verification")[0]?.inputs["source"]).toEqual({ type: "file", path: "b.csv" });
    expect(registered.map(({ name }) => name)).toEqual(["load", "proof"]);
  });

  test("a value that Pulumi could not keep is refused with its property before anything is registered", async () => {
    const filter = [{ column: "n", is: "=", value: 10n }];
    const make = () =>
      new components.Migration("load", {
        source: { type: "file", path: "a.csv" },
        target: { type: "file", path: "b.csv" },
        filter: filter as never,
      });
    expect(make).toThrow(/TF_SPEC_INVALID: load: filter\[0\]\.value: .*\{ integer: "10" \}/);
    expect(await settled()).toEqual([]);
  });
});

describe("a table that moves", () => {
  const declare = (phase: "copy" | "sync" | "cutover" | "reverse" | "retired") => {
    const { EmbeddedStore, Instance, ReplicatedTable } = components;
    const store = new EmbeddedStore("laptop", { dataDir: ".tableferry" });
    const legacy = new Instance("legacy", { store });
    const modern = new Instance("modern", { store });
    return new ReplicatedTable("orders", {
      source: { instance: legacy, table: "orders" },
      target: {
        instance: modern,
        table: {
          primaryKey: [
            { name: "customer", type: "string" },
            { name: "order", type: "integer" },
          ],
        },
      },
      mapping: "./mappings/orders.ts",
      verify: { coverage: "all", onMismatch: "fail" },
      sync: { runner: { local: { workers: 2 } } },
      phase,
    });
  };
  const one = (kind: string) => custom(`pulumi-nodejs:dynamic/tableferry:${kind}`)[0]?.inputs;

  test.each([
    ["copy", "source", undefined],
    ["sync", "source", { everySeconds: 3600 }],
    ["cutover", "target", { everySeconds: 3600 }],
    ["reverse", "target", { everySeconds: 3600 }],
  ] as const)("in phase %s has its writers at the %s, and %o verifies", async (phase, writers, continuous) => {
    const orders = declare(phase);
    expect(await value(orders.writers)).toBe(writers);
    await settled();
    expect(one("Table")).toMatchObject({ tableName: "orders", instanceName: "modern" });
    expect(one("SyncJob")).toMatchObject({ jobName: "orders", cutOver: {}, runner: { local: { workers: 2 } } });
    expect(one("SyncJob")?.["continuous"]).toEqual(continuous);
    expect(one("Verification")).toMatchObject({ jobName: "orders.proof", quiescent: false, verify: { coverage: "all" } });
    expect(one("Cutover")).toMatchObject({ phase, writers, job: { jobName: "orders", mapping: "./mappings/orders.ts", cutOver: {} } });
  });

  test("has no sync any more once it is retired, and still knows which one it was", async () => {
    declare("retired");
    await settled();
    expect(one("SyncJob")).toBeUndefined();
    expect(one("Cutover")).toMatchObject({ phase: "retired", writers: "target", job: { jobName: "orders" } });
  });

  test("in the cloud says before anything is copied what is to keep writers out", async () => {
    const instance = new components.Instance("modern", { region: "cn-hangzhou" });
    const sides = { source: { instance, table: "orders" }, target: { instance, table: "moved" } };
    expect(() => new components.ReplicatedTable("orders", { ...sides, phase: "copy" })).toThrow("cutOver: { fence:");
    new components.ReplicatedTable("orders", {
      ...sides,
      phase: "copy",
      cutOver: { fence: { close: ["./fence.sh"], open: ["./fence.sh"] } },
    });
    await settled();
  });
});
