/**
 * Requests at the moments a clock says, whether or not the ones before are answered, each timed from that moment: `rate=2000 seconds=20`, half of them puts,
 * half gets, while batches of 200 rows keep the store compacting. The first `warming` seconds do not count: code that has never run is compiled then. Prints milliseconds
 * at percentiles.
 */
import { seededChance } from "../../../src/base/chance.ts";
import { orders, type Order } from "../corpus.ts";
import { argument } from "../measure.ts";
import { batchBody, getBody, openStore, putBody } from "./store-requests.ts";

const rate = Number(argument("rate"));
const seconds = Number(argument("seconds"));
const warming = Number(argument("warming"));
const rows = Number(argument("rows"));
const batchEveryMs = Number(argument("batchEveryMs"));
const store = openStore(64);
const chance = seededChance(11);
const stock = [...orders(4000)];
const orderAt = (i: number): Order => ({
  ...stock[i % stock.length]!,
  customer: `customer-${String(Math.floor(i / 10)).padStart(8, "0")}`,
  order: BigInt(i),
});
const anyRow = () => Math.floor(chance.next() * rows);
/** Made beforehand, and sent again after these: whoever makes them sends nothing meanwhile. */
const batchBodies = Array.from({ length: 300 }, () => batchBody(Array.from({ length: 200 }, () => orderAt(anyRow()))));

const uncounted = rate * warming;
const total = uncounted + rate * seconds;
const times = new Float64Array(total);
let done = 0;
let issued = 0;
let batches = 0;
let failure: unknown;
const start = performance.now() + 200;

function issue(number: number): void {
  const due = start + (number * 1000) / rate;
  const i = anyRow();
  const sent = number % 2 === 0 ? store.send("PutRow", putBody(orderAt(i))) : store.send("GetRow", getBody(i));
  sent.then(
    () => {
      times[number] = performance.now() - due;
      done++;
    },
    (thrown: unknown) => (failure ??= thrown),
  );
}

await new Promise<void>((resolve) => {
  const tick = () => {
    const now = performance.now();
    while (issued < total && start + (issued * 1000) / rate <= now) issue(issued++);
    if (start + batches * batchEveryMs <= now && issued < total) {
      const body = batchBodies[batches++ % batchBodies.length]!;
      store.send("BatchWriteRow", body).catch((thrown: unknown) => (failure ??= thrown));
    }
    if (failure !== undefined || done === total) resolve();
    else setTimeout(tick, 1);
  };
  tick();
});
if (failure !== undefined) throw failure;
await store.close();
const counted = times.subarray(uncounted).sort();
const at = (part: number) => Math.round(counted[Math.min(counted.length - 1, Math.floor(counted.length * part))]! * 10) / 10;
console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), p999: at(0.999), worst: at(1), batches }));
