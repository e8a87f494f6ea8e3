/** The yardstick's bulk work: `op=load` writes the corpus in batches of 25, 8 in flight; `op=scan` reads it back page by page. */
import { argument, reportMeasured } from "../measure.ts";
import { inFlight } from "../peer/sdk-client.ts";
import { dynamoBatches, dynamoTable, openDynamo } from "./dynamo-client.ts";

const dynamo = openDynamo(argument("endpoint"), 8);
const rows = Number(argument("rows"));

async function load(batches: readonly Uint8Array[]): Promise<number> {
  const writes = inFlight(8);
  for (const batch of batches) await writes.add(async () => void (await dynamo.send("BatchWriteItem", batch)));
  await writes.drain();
  return rows;
}

/** Of a page nothing is read but how many rows it has and where the next begins: neither server is to wait for its client. */
async function scan(): Promise<number> {
  let seen = 0;
  let start = "";
  do {
    const page = (await dynamo.send("Scan", Buffer.from(`{"TableName":"orders"${start}}`))).toString("latin1");
    seen += Number(/"Count":(\d+)/.exec(page)![1]);
    const last = page.lastIndexOf('"LastEvaluatedKey":');
    start = last < 0 ? "" : `,"ExclusiveStartKey":${/\{.*?\}\}/.exec(page.slice(last))![0]}`;
  } while (start !== "");
  if (seen !== rows) throw new Error(`${seen} rows of ${rows} were read`);
  return seen;
}

if (argument("op") === "load") {
  await dynamo.call("CreateTable", dynamoTable);
  while ((await dynamo.call<{ Table: { TableStatus: string } }>("DescribeTable", { TableName: "orders" })).Table.TableStatus !== "ACTIVE");
  const batches = dynamoBatches(rows);
  await reportMeasured(() => load(batches));
} else await reportMeasured(scan);
await dynamo.close();
