/** The yardstick's bulk work: `op=load` writes the corpus in batches of 25, 8 in flight; `op=scan` reads it back page by page. */
import { argument, reportMeasured } from "../measure.ts";
import { inFlight } from "../peer/sdk-client.ts";
import { dynamoBatches, dynamoTable, openDynamo } from "./dynamo-client.ts";

const dynamo = openDynamo(argument("endpoint"), 8);
const rows = Number(argument("rows"));

async function load(batches: readonly object[]): Promise<number> {
  const writes = inFlight(8);
  for (const batch of batches) await writes.add(async () => void (await dynamo.call("BatchWriteItem", batch)));
  await writes.drain();
  return rows;
}

async function scan(): Promise<number> {
  let seen = 0;
  let start: object | undefined;
  do {
    const page: { Count: number; LastEvaluatedKey?: object } = await dynamo.call("Scan", {
      TableName: "orders",
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    seen += page.Count;
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return seen;
}

if (argument("op") === "load") {
  await dynamo.call("CreateTable", dynamoTable);
  while ((await dynamo.call<{ Table: { TableStatus: string } }>("DescribeTable", { TableName: "orders" })).Table.TableStatus !== "ACTIVE");
  const batches = dynamoBatches(rows);
  await reportMeasured(() => load(batches));
} else await reportMeasured(scan);
await dynamo.close();
