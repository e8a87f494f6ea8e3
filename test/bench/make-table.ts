/** Makes a table for a bench: `key=order_id:integer,customer_id:string [stream=yes]`. */
import { readFileSync } from "node:fs";
import { TableStoreClient } from "../../src/client/table-store-client.ts";
import { argument, reportMeasured } from "./measure.ts";

const keys: { accessKeyId: string; accessKeySecret: string } = JSON.parse(readFileSync(argument("keys"), "utf8"));
const client = new TableStoreClient({
  endpoint: argument("endpoint"),
  instance: argument("instance"),
  credentials: { id: keys.accessKeyId, secret: keys.accessKeySecret },
});
const key = argument("key")
  .split(",")
  .map((column) => column.split(":"))
  .map(([name, type]) => ({ name: name!, type: type === "integer" ? ("integer" as const) : ("string" as const) }));
await reportMeasured(async () => {
  await client.createTable({
    meta: { tableName: argument("table"), key, definedColumns: [] },
    reserved: { read: 0, write: 0 },
    options: { timeToLive: -1, maxVersions: 1 },
    partitions: [],
    indexes: [],
    ...(process.argv.includes("stream=yes") ? { stream: { enabled: true, expirationHours: 24, originColumns: [] } } : {}),
  });
  return 1;
});
await client.close();
