import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { StoreAdmin } from "../../../src/client/store-admin.ts";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { startTableStore, type TestTableStore } from "../../../src/testing.ts";
import { tableRequest } from "../../conformance/caller.ts";

let store: TestTableStore;
let admin: StoreAdmin;

beforeAll(async () => {
  store = await startTableStore({ instances: ["first"] });
  admin = new StoreAdmin(store.endpoint, () => ({ id: store.accessKeyId, secret: store.accessKeySecret }));
});

afterAll(async () => {
  await admin.close();
  await store.close();
});

describe("administration of an embedded store", () => {
  test("a ping says which store answers", async () => {
    expect(await admin.ping()).toMatchObject({ storeId: expect.stringMatching(/^[0-9a-f]{32}$/), pid: process.pid, dataDir: null });
  });

  test("instances are made once and dropped once", async () => {
    expect([await admin.createInstance("second"), await admin.createInstance("second")]).toEqual([true, false]);
    expect((await admin.ping()).instances).toEqual(["first", "second"]);
    expect([await admin.dropInstance("second", { force: false }), await admin.dropInstance("second", { force: false })]).toEqual([
      true,
      false,
    ]);
  });

  test("a partition is split where told, and not twice", async () => {
    const credentials = { id: store.accessKeyId, secret: store.accessKeySecret };
    const client = new TableStoreClient({ endpoint: store.endpoint, instance: "first", credentials });
    await client.createTable(tableRequest("t", [{ name: "pk", type: "integer" }]));
    await client.close();
    expect(await admin.splitPartition("first", "t", "10")).toBe(2);
    await expect(admin.splitPartition("first", "t", "10")).rejects.toMatchObject({ code: "TF_PARTITION_WHOLE" });
  });

  test("a snapshot is taken and restored, of a server with test controls", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tableferry-admin-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, "a");
    await expect(admin.restore(path)).rejects.toMatchObject({ code: "TF_CONTROLS_OFF" });
    await using other = await startTableStore({ testControls: true });
    const chief = new StoreAdmin(other.endpoint, () => ({ id: other.accessKeyId, secret: other.accessKeySecret }));
    onTestFinished(() => chief.close());
    await expect(chief.restore(path)).rejects.toMatchObject({ code: "TF_IO" });
    const size = await chief.snapshot(path);
    await chief.createInstance("later");
    expect(await chief.restore(path)).toEqual(size);
    expect((await chief.ping()).instances).toEqual(["test"]);
  });

  test("what the server refuses keeps the server's code and way out", async () => {
    await expect(admin.createInstance("x")).rejects.toMatchObject({
      code: "TF_INSTANCE_INVALID",
      wayOut: expect.stringContaining("3 to 16"),
    });
  });

  test("another key is refused", async () => {
    const stranger = new StoreAdmin(store.endpoint, () => ({ id: store.accessKeyId, secret: "wrong" }));
    await expect(stranger.ping()).rejects.toMatchObject({ code: "OTSAuthFailed" });
    await stranger.close();
  });

  test("where nobody listens, that is said at once", async () => {
    const closed = await startTableStore();
    const { endpoint, accessKeyId: id, accessKeySecret: secret } = closed;
    await closed.close();
    const nobody = new StoreAdmin(endpoint, () => ({ id, secret }));
    await expect(nobody.ping()).rejects.toMatchObject({ code: "TF_CONNECTION" });
    await nobody.close();
  });

  test("a shutdown is answered before the server stops", async () => {
    const other = await startTableStore();
    const chief = new StoreAdmin(other.endpoint, () => ({ id: other.accessKeyId, secret: other.accessKeySecret }));
    await chief.shutdown();
    await chief.close();
    await other.close();
    const late = new StoreAdmin(other.endpoint, () => ({ id: other.accessKeyId, secret: other.accessKeySecret }));
    await expect(late.ping()).rejects.toMatchObject({ code: "TF_CONNECTION" });
    await late.close();
  });
});
