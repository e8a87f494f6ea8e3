/** Our client writing the seeded corpus: batches of 200, 8 in flight. */
import { readFileSync } from "node:fs";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { argument, reportMeasured } from "../measure.ts";
import { writeOrders } from "../write-orders.ts";

const keys: { accessKeyId: string; accessKeySecret: string } = JSON.parse(readFileSync(argument("keys"), "utf8"));
const client = new TableStoreClient({
  endpoint: argument("endpoint"),
  instance: argument("instance"),
  credentials: { id: keys.accessKeyId, secret: keys.accessKeySecret },
});
await reportMeasured(async () => {
  const rows = Number(argument("rows"));
  await writeOrders(client, argument("table"), rows);
  return rows;
});
await client.close();
