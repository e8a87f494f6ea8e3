/** Our client writing the seeded corpus: batches of 200, 8 in flight. */
import { readFileSync } from "node:fs";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { changeOf, orders } from "../corpus.ts";
import { argument, reportMeasured } from "../measure.ts";
import { inFlight } from "../peer/sdk-client.ts";

const keys: { accessKeyId: string; accessKeySecret: string } = JSON.parse(readFileSync(argument("keys"), "utf8"));
const tableName = argument("table");
const client = new TableStoreClient({
  endpoint: argument("endpoint"),
  instance: argument("instance"),
  credentials: { id: keys.accessKeyId, secret: keys.accessKeySecret },
});
const condition = { existence: "ignore" } as const;

await reportMeasured(async () => {
  const writes = inFlight(8);
  const count = Number(argument("rows"));
  let batch: Uint8Array[] = [];
  const send = async () => {
    const rows = batch.map((change) => ({ type: "put" as const, change, condition }));
    batch = [];
    await writes.add(async () => {
      const reply = await client.batchWriteRow({ tables: [{ tableName, rows }] });
      const refused = reply.tables[0]!.rows.find((row) => !row.ok);
      if (refused !== undefined) throw new Error(JSON.stringify(refused));
    });
  };
  for (const order of orders(count)) {
    batch.push(changeOf(order));
    if (batch.length === 200) await send();
  }
  if (batch.length > 0) await send();
  await writes.drain();
  return count;
});
await client.close();
