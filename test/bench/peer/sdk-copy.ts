/**
 * The yardstick of the copy: the official Node SDK reading pages of 5,000 rows and writing batches of 200, keep-alive, 8 in
 * flight, with the same mapping as ours: two columns renamed, one derived, another key.
 */
import TableStore from "tablestore";
import { argument, reportMeasured } from "../measure.ts";
import { inFlight, openSdk, sdkPages, type SdkRow } from "./sdk-client.ts";

const source = openSdk(argument("source"));
const target = openSdk(argument("target"));
const table = argument("table");
const ignore = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);

function mapped(row: SdkRow) {
  const [customer, order] = row.primaryKey;
  const attributes: Record<string, unknown>[] = [];
  let amount = 0;
  let currency = "";
  for (const { columnName, columnValue } of row.attributes) {
    if (columnName === "amount") amount = Number(columnValue);
    if (columnName === "currency") currency = String(columnValue);
    const name = columnName === "city" ? "town" : columnName === "note" ? "remark" : columnName;
    attributes.push({ [name]: columnValue });
  }
  attributes.push({ label: `${amount} ${currency}` });
  return {
    type: "PUT",
    condition: ignore,
    primaryKey: [{ order_id: order!.value }, { customer_id: customer!.value }],
    attributeColumns: attributes,
  };
}

await reportMeasured(async () => {
  const writes = inFlight(8);
  let rows = 0;
  for await (const page of sdkPages(source, table, ["customer", "order"])) {
    rows += page.length;
    for (let at = 0; at < page.length; at += 200) {
      const batch = page.slice(at, at + 200).map(mapped);
      await writes.add(async () => {
        const reply = await target.batchWriteRow({ tables: [{ tableName: table, rows: batch }] });
        for (const outcome of reply.tables ?? []) if (!outcome.isOk) throw new Error(JSON.stringify(outcome));
      });
    }
  }
  await writes.drain();
  return rows;
});
