/** Bulk work for the embedded store by a client that does as little as one can: `op=load` writes the corpus in batches of 200, 8 in flight; `op=scan` reads it back page by page. */
import { INF_MAX, INF_MIN } from "../../../src/model/value.ts";
import { getRange, type GetRangeResponse } from "../../../src/wire/operation/get-range.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";
import { orders, type Order } from "../corpus.ts";
import { argument, reportMeasured } from "../measure.ts";
import { inFlight } from "../peer/sdk-client.ts";
import { batchBody, openStore, rangeBody, wholeKey } from "./store-requests.ts";

const BATCH_ROWS = 200;
const store = openStore(8);
const rows = Number(argument("rows"));

/** Request bodies made beforehand: making them must not count. */
function batches(): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  let batch: Order[] = [];
  for (const order of orders(rows)) {
    if (batch.push(order) < BATCH_ROWS) continue;
    bodies.push(batchBody(batch));
    batch = [];
  }
  if (batch.length > 0) bodies.push(batchBody(batch));
  return bodies;
}

async function load(bodies: readonly Uint8Array[]): Promise<number> {
  const writes = inFlight(8);
  for (const body of bodies) await writes.add(async () => void (await store.send("BatchWriteRow", body)));
  await writes.drain();
  return rows;
}

/** Of the corpus, in about 1 MB of names and values: as many as make a page of the peer. */
const PAGE_ROWS = 3500;

async function scan(): Promise<number> {
  const end = wholeKey(INF_MAX);
  let start: Uint8Array | undefined = wholeKey(INF_MIN);
  let seen = 0;
  while (start !== undefined) {
    const page: GetRangeResponse = getRange.decodeResponse(await store.send("GetRange", rangeBody(start, end, PAGE_ROWS)));
    // A page that another follows is full.
    seen += page.nextStart === undefined ? countRows(page.rows) : PAGE_ROWS;
    start = page.nextStart;
  }
  if (seen !== rows) throw new Error(`${seen} rows of ${rows} were read`);
  return seen;
}

function countRows(bytes: Uint8Array): number {
  let count = 0;
  for (const walker = new RowWalker("none").open(bytes); walker.next();) count++;
  return count;
}

if (argument("op") === "load") {
  const bodies = batches();
  await reportMeasured(() => load(bodies));
} else await reportMeasured(scan);
await store.close();
