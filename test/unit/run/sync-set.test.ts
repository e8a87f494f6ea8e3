import { describe, expect, test } from "vitest";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { parseSync } from "../../../src/job/parse-job.ts";
import { syncSet } from "../../../src/run/sync-set.ts";
import { startTableStore } from "../../../src/testing.ts";

const side = (instance: string, table: string) => ({ type: "table-store", endpoint: "http://127.0.0.1:1", instance, table });

async function setOver(tables: readonly string[], source: string, target: string) {
  await using store = await startTableStore({ http: false });
  const client = new TableStoreClient({
    instance: store.instanceName,
    credentials: { id: store.accessKeyId, secret: store.accessKeySecret },
    transport: store.transport,
  });
  for (const tableName of tables) {
    await client.createTable({
      meta: { tableName, key: [{ name: "id", type: "integer" }], definedColumns: [] },
      reserved: { read: 0, write: 0 },
      options: { timeToLive: -1, maxVersions: 3 },
      partitions: [],
      indexes: [],
    });
  }
  const spec = parseSync({ kind: "sync", name: "set", source: side("test", source), target: side("other", target) });
  return await syncSet(spec, client, new AbortController().signal);
}

describe("a sync over a pattern of tables", () => {
  test("is one sync for each table that matches, named after both, with the source's key and versions", async () => {
    const set = await setOver(["orders_a", "orders_b", "other"], "orders_*", "copy_*");
    expect(set.map(({ name, source, target }) => [name, source.table, target.table])).toEqual([
      ["set.orders_a", "orders_a", "copy_a"],
      ["set.orders_b", "orders_b", "copy_b"],
    ]);
    expect(set[0]!.target.create).toMatchObject({ primaryKey: [{ name: "id", type: "integer" }], maxVersions: 3 });
  });

  test("leaves tableferry's own state tables out (R9)", async () => {
    expect((await setOver(["a", "tableferry_state"], "*", "*")).map(({ source }) => source.table)).toEqual(["a"]);
  });
});
