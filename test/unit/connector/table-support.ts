import { afterAll, beforeAll } from "vitest";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import type { FlowRow } from "../../../src/job/mapping.ts";
import type { PutCell } from "../../../src/model/row.ts";
import type { KeySchema, TableOptions } from "../../../src/model/schema.ts";
import { startTableStore, type TestTableStore } from "../../../src/testing.ts";
import { encodeChange } from "../../../src/wire/plainbuffer/encode.ts";
import type { Transport } from "../../../src/wire/transport.ts";

/** A Table Store in memory for a test file, without a socket, and a client of it. */
export interface TestStore {
  readonly client: TableStoreClient;
  /** A client whose exchanges go through `around`. */
  readonly clientThrough: (around: (inner: Transport) => Transport) => TableStoreClient;
  readonly credentials: () => { readonly id: string; readonly secret: string };
  /** Makes a table of a name of its own and answers the name. */
  readonly createTable: (key: readonly KeySchema[], options?: Partial<TableOptions>) => Promise<string>;
  readonly put: (table: string, rows: readonly FlowRow[]) => Promise<void>;
}

export function testStore(): TestStore {
  let store: TestTableStore;
  let client: TableStoreClient;
  let tables = 0;
  beforeAll(async () => {
    store = await startTableStore({ http: false });
    client = open(store.transport);
  });
  afterAll(() => store.close());
  const credentials = () => ({ id: store.accessKeyId, secret: store.accessKeySecret });
  const open = (transport: Transport) =>
    new TableStoreClient({
      instance: store.instanceName,
      credentials: credentials(),
      transport,
      retry: { totalMs: 200, firstMs: 1, mostMs: 2 },
    });
  return {
    get client() {
      return client;
    },
    credentials,
    clientThrough: (around) => open(around(store.transport)),
    createTable: async (key, options = {}) => {
      const tableName = `rows_${tables++}`;
      await client.createTable({
        meta: { tableName, key, definedColumns: [] },
        reserved: { read: 0, write: 0 },
        options: { timeToLive: -1, maxVersions: 1, ...options },
        partitions: [],
        indexes: [],
      });
      return tableName;
    },
    put: async (tableName, rows) => {
      for (let from = 0; from < rows.length; from += 200) {
        const changes = rows.slice(from, from + 200).map(({ key, columns }) => ({
          type: "put" as const,
          change: encodeChange({ type: "put", key, cells: columns as readonly PutCell[] }),
          condition: { existence: "ignore" as const },
        }));
        await client.batchWriteRow({ tables: [{ tableName, rows: changes }] });
      }
    },
  };
}
