/** Our client writing rows of one cell of nearly 2 MB, the service's most: one a request, 4 in flight. */
import { readFileSync } from "node:fs";
import { seededChance } from "../../../src/base/chance.ts";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { limits } from "../../../src/model/limits.ts";
import { encodeChange } from "../../../src/wire/plainbuffer/encode.ts";
import { argument, reportMeasured } from "../measure.ts";
import { inFlight } from "../peer/sdk-client.ts";

const keys: { accessKeyId: string; accessKeySecret: string } = JSON.parse(readFileSync(argument("keys"), "utf8"));
const tableName = argument("table");
const client = new TableStoreClient({
  endpoint: argument("endpoint"),
  instance: argument("instance"),
  credentials: { id: keys.accessKeyId, secret: keys.accessKeySecret },
});
const chance = seededChance(1);

await reportMeasured(async () => {
  const writes = inFlight(4);
  const count = Number(argument("rows"));
  for (let order = 0; order < count; order++) {
    const photo = new Uint8Array(limits.attributeValueBytesMax);
    for (let at = 0; at < photo.length; at += 1024) photo[at] = Math.floor(chance.next() * 256);
    const change = encodeChange({
      type: "put",
      key: [
        { name: "customer", value: `customer-${String(order).padStart(8, "0")}` },
        { name: "order", value: BigInt(order) },
      ],
      cells: [{ name: "photo", value: photo }],
    });
    await writes.add(async () => {
      const reply = await client.batchWriteRow({
        tables: [{ tableName, rows: [{ type: "put", change, condition: { existence: "ignore" } }] }],
      });
      if (reply.tables[0]!.rows[0]?.ok !== true) throw new Error(JSON.stringify(reply.tables));
    });
  }
  await writes.drain();
  return count;
});
await client.close();
