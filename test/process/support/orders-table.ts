import { INF_MAX, INF_MIN, type KeyBound } from "../../../src/model/value.ts";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { encodeChange, encodeKey } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";
import { orders } from "../../bench/corpus.ts";
import { ordersTable } from "../../bench/orders-table.ts";
import type { RunningServer, Workplace } from "./processes.ts";

/** Every so many-th order has an amount that is text: the mapping of the crash tests rejects it. */
export const REJECT_EVERY = 1000;

export const mappingModule = `
  import { defineMapping, derive } from ${JSON.stringify(new URL("../../../src/index.ts", import.meta.url).href)};
  export default defineMapping({
    key: { order_id: "order", customer_id: "customer" },
    columns: { town: "city", amount: { from: "amount", as: "double" }, label: derive(["amount", "currency"], (amount, currency) => amount + " " + currency) },
  });
`;

export function clientOf(place: Workplace, server: RunningServer, instance: string): TableStoreClient {
  return new TableStoreClient({ endpoint: server.endpoint, instance, credentials: place.keys(server) });
}

/** Loads the seeded corpus into table `orders`; returns the number of rows that a mapping will reject. */
export async function loadOrders(client: TableStoreClient, count: number): Promise<number> {
  await client.createTable(ordersTable("orders"));
  let rejected = 0;
  let batch: Uint8Array[] = [];
  const condition = { existence: "ignore" } as const;
  const send = async () => {
    await client.batchWriteRow({ tables: [{ tableName: "orders", rows: batch.map((change) => ({ type: "put", change, condition })) }] });
    batch = [];
  };
  for (const order of orders(count)) {
    const bad = Number(order.order) % REJECT_EVERY === 7;
    if (bad) rejected++;
    batch.push(
      encodeChange({
        type: "put",
        key: [
          { name: "customer", value: order.customer },
          { name: "order", value: order.order },
        ],
        cells: [
          { name: "amount", value: bad ? "not a number" : order.amount },
          { name: "city", value: order.city },
          { name: "currency", value: order.currency },
          { name: "note", value: order.note },
        ],
      }),
    );
    if (batch.length === 200) await send();
  }
  if (batch.length > 0) await send();
  return rejected;
}

/** Rows in a table now; 0 where there is none. */
export async function countRows(client: TableStoreClient, tableName: string): Promise<number> {
  if (!(await client.listTable()).includes(tableName)) return 0;
  const { meta } = await client.describeTable(tableName);
  const bound = (value: KeyBound) => encodeKey(meta.key.map(({ name }) => ({ name, value })));
  const walker = new RowWalker("none");
  let rows = 0;
  for await (const page of client.getRangePages({
    tableName,
    direction: "forward",
    selection: { maxVersions: 1 },
    start: bound(INF_MIN),
    end: bound(INF_MAX),
  })) {
    for (walker.open(page.rows); walker.next();) rows++;
  }
  return rows;
}

export function migrationJob(server: RunningServer, name: string, more: object = {}): object {
  const side = (instance: string, table: string) => ({
    type: "table-store",
    endpoint: server.endpoint,
    instance,
    table,
    credentials: { file: "store/keys.json" },
  });
  return {
    kind: "migration",
    name,
    source: side("legacy", "orders"),
    target: {
      ...side("modern", name.replaceAll("-", "_")),
      create: {
        primaryKey: [
          { name: "order_id", type: "integer" },
          { name: "customer_id", type: "string" },
        ],
      },
    },
    mapping: "./mapping.ts",
    rejects: { allowed: 1_000_000 },
    limits: { inFlightBytes: 8_388_608, workers: 2, writesInFlight: 4 },
    leaseSeconds: 4,
    ...more,
  };
}
