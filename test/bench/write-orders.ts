import type { TableStoreClient } from "../../src/client/table-store-client.ts";
import { changeOf, orders } from "./corpus.ts";
import { inFlight } from "./peer/sdk-client.ts";

/** Writes so many rows of the corpus: batches of 200, 8 in flight. @throws for the first row that is refused */
export async function writeOrders(client: TableStoreClient, tableName: string, count: number): Promise<void> {
  const condition = { existence: "ignore" } as const;
  const writes = inFlight(8);
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
  for (const order of orders(count)) if (batch.push(changeOf(order)) === 200) await send();
  if (batch.length > 0) await send();
  await writes.drain();
}
