import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreAdmin } from "../../../src/client/store-admin.ts";
import { parseSync } from "../../../src/job/parse-job.ts";
import { writerFence } from "../../../src/run/writer-fence.ts";
import { JobInStore } from "./job-in-store.ts";

let at: JobInStore;
let admin: StoreAdmin;

beforeEach(async () => {
  at = await JobInStore.open();
  const { endpoint, accessKeyId: id, accessKeySecret: secret } = at.store;
  admin = new StoreAdmin(endpoint, () => ({ id, secret }));
});

afterEach(async () => {
  await admin.close();
  await at[Symbol.asyncDispose]();
});

function fenceOf(table: string) {
  const spec = parseSync({ kind: "sync", name: table, source: at.table("legacy", table), target: at.table("modern", table), cutOver: {} });
  return writerFence(spec, spec.cutOver!, at.context());
}

const statements = async (instance: string) =>
  ((await admin.policy(instance)) as { readonly Statement: readonly { readonly Resource: readonly string[] }[] } | null)?.Statement ?? [];

describe("keeping writers from a side by the instance's policy (R12)", () => {
  test("adds one statement, however often, and takes it away", async () => {
    const fence = fenceOf("orders");
    for (let times = 0; times < 2; times++) await fence.close("source");
    expect(await statements("legacy")).toMatchObject([{ Effect: "Deny", Resource: ["acs:ots:*:*:instance/legacy/table/orders"] }]);
    expect(await statements("modern")).toEqual([]);
    await fence.open("source");
    expect(await admin.policy("legacy")).toBeNull();
  });

  test("leaves the statements of others alone, also of those who add theirs at the same time", async () => {
    const tables = Array.from({ length: 8 }, (_, i) => `table${String(i)}`);
    await Promise.all(tables.map((table) => fenceOf(table).close("source")));
    const closed = (await statements("legacy")).map(({ Resource }) => Resource[0]).toSorted();
    expect(closed).toEqual(tables.map((table) => `acs:ots:*:*:instance/legacy/table/${table}`));
    await Promise.all(tables.slice(1).map((table) => fenceOf(table).open("source")));
    expect(await statements("legacy")).toMatchObject([{ Resource: ["acs:ots:*:*:instance/legacy/table/table0"] }]);
  });
});
