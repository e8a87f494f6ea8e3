import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemChance } from "../../../src/base/chance.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import type { JobContext } from "../../../src/job/context.ts";
import type { MigrationSpec } from "../../../src/job/job-spec.ts";
import { parseJob } from "../../../src/job/parse-job.ts";
import { INF_MAX, INF_MIN, type KeyType, type Value } from "../../../src/model/value.ts";
import { startTableStore, type TestTableStore } from "../../../src/testing.ts";
import { decodeRows } from "../../../src/wire/plainbuffer/decode.ts";
import { encodeChange, encodeKey } from "../../../src/wire/plainbuffer/encode.ts";

/** An embedded store with two instances, a folder for job files, and jobs between them through HTTP. */
export class JobInStore implements AsyncDisposable {
  readonly store: TestTableStore;
  readonly folder: string;
  readonly notes: string[] = [];
  readonly legacy: TableStoreClient;
  readonly modern: TableStoreClient;

  private constructor(store: TestTableStore) {
    this.store = store;
    this.folder = mkdtempSync(join(tmpdir(), "run-"));
    this.legacy = this.client("legacy");
    this.modern = this.client("modern");
  }

  static async open(): Promise<JobInStore> {
    return new JobInStore(await startTableStore({ instances: ["legacy", "modern"] }));
  }

  client(instance: string): TableStoreClient {
    return new TableStoreClient({
      endpoint: this.store.endpoint,
      instance,
      credentials: { id: this.store.accessKeyId, secret: this.store.accessKeySecret },
    });
  }

  get env(): Record<string, string> {
    return { TABLESTORE_ACCESS_KEY_ID: this.store.accessKeyId, TABLESTORE_ACCESS_KEY_SECRET: this.store.accessKeySecret };
  }

  context(change: Partial<JobContext> = {}): JobContext {
    return {
      clock: systemClock,
      chance: systemChance,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      folder: this.folder,
      env: this.env,
      note: (line) => this.notes.push(line),
      ...change,
    };
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  table(instance: string, table: string, change: object = {}): object {
    return { type: "table-store", endpoint: this.store.endpoint, instance, table, ...change };
  }

  /** A migration from `orders` of legacy to `orders` of modern, keyed by customer and id, unless told otherwise. */
  spec(change: object = {}): MigrationSpec {
    const spec = parseJob({
      name: "orders",
      source: this.table("legacy", "orders"),
      target: this.table("modern", "orders", {
        create: {
          primaryKey: [
            { name: "customer", type: "string" },
            { name: "id", type: "integer" },
          ],
        },
      }),
      mapping: { key: { customer: "customer", id: "id" }, columns: { amount: { from: "total", as: "double" } } },
      verify: { certificate: false },
      ...change,
    });
    if (spec.kind !== "migration") throw new Error("no migration");
    return spec;
  }

  async createTable(client: TableStoreClient, tableName: string, key: readonly { name: string; type: KeyType }[]): Promise<void> {
    await client.createTable({
      meta: { tableName, key, definedColumns: [] },
      reserved: { read: 0, write: 0 },
      options: { timeToLive: -1, maxVersions: 1 },
      partitions: [],
      indexes: [],
    });
  }

  /** Table `orders` of legacy with so many rows. */
  async loadOrders(count: number, change: (i: number) => Record<string, Value> = () => ({})): Promise<void> {
    await this.createTable(this.legacy, "orders", [{ name: "id", type: "integer" }]);
    for (let from = 0; from < count; from += 200) {
      const rows = Array.from({ length: Math.min(200, count - from) }, (_, i) => {
        const columns: Record<string, Value> = {
          customer: `c${(from + i) % 10}`,
          total: `${from + i}.5`,
          note: "hello",
          ...change(from + i),
        };
        const cells = Object.entries(columns).map(([name, value]) => ({ name, value }));
        return {
          type: "put" as const,
          change: encodeChange({ type: "put", key: [{ name: "id", value: BigInt(from + i) }], cells }),
          condition: { existence: "ignore" as const },
        };
      });
      await this.legacy.batchWriteRow({ tables: [{ tableName: "orders", rows }] });
    }
  }

  async putRow(
    client: TableStoreClient,
    tableName: string,
    key: Record<string, string | bigint>,
    columns: Record<string, Value>,
  ): Promise<void> {
    const pairs = Object.entries(key).map(([name, value]) => ({ name, value }));
    const change = encodeChange({ type: "put", key: pairs, cells: Object.entries(columns).map(([name, value]) => ({ name, value })) });
    await client.putRow({ tableName, change, condition: { existence: "ignore" } });
  }

  /** All rows of a table, as plain objects in key order. */
  async rows(client: TableStoreClient, tableName: string): Promise<Record<string, Value>[]> {
    const { meta } = await client.describeTable(tableName);
    const bound = (value: typeof INF_MIN | typeof INF_MAX) => encodeKey(meta.key.map(({ name }) => ({ name, value })));
    const found: Record<string, Value>[] = [];
    for await (const { rows } of client.getRangePages({
      tableName,
      direction: "forward",
      selection: { maxVersions: 1 },
      start: bound(INF_MIN),
      end: bound(INF_MAX),
    })) {
      if (rows.length > 0)
        for (const { key, cells } of decodeRows(rows))
          found.push(Object.fromEntries([...key, ...cells].map(({ name, value }) => [name, value])));
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.legacy.close();
    await this.modern.close();
    await this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
