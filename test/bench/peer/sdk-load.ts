/** The yardstick of the load: the official Node SDK writing the seeded corpus, batches of 200, 8 in flight. */
import TableStore from "tablestore";
import { orders } from "../corpus.ts";
import { argument, reportMeasured } from "../measure.ts";
import { inFlight, openSdk } from "./sdk-client.ts";

const client = openSdk(argument("instance"));
const tableName = argument("table");
const ignore = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const long = (value: bigint) => TableStore.Long.fromString(String(value));

await reportMeasured(async () => {
  const writes = inFlight(8);
  const count = Number(argument("rows"));
  let batch: unknown[] = [];
  const send = async () => {
    const rows = batch;
    batch = [];
    await writes.add(async () => void (await client.batchWriteRow({ tables: [{ tableName, rows }] })));
  };
  for (const order of orders(count)) {
    batch.push({
      type: "PUT",
      condition: ignore,
      primaryKey: [{ customer: order.customer }, { order: long(order.order) }],
      attributeColumns: [
        { status: order.status },
        { amount: order.amount },
        { currency: order.currency },
        { quantity: long(order.quantity) },
        { placed_at: long(order.placedAt) },
        { paid: order.paid },
        { city: order.city },
        { note: order.note },
      ],
    });
    if (batch.length === 200) await send();
  }
  if (batch.length > 0) await send();
  await writes.drain();
  return count;
});
