/**
 * Single requests, one after the other on each of `connections` connections: `server=store|echo|dynalite op=put|get count=N rows=N`. Keys are drawn at
 * random from those of the first `rows` orders of the corpus.
 */
import { seededChance } from "../../../src/base/chance.ts";
import { orders, type Order } from "../corpus.ts";
import { argument, reportMeasured } from "../measure.ts";
import { itemOf, openDynamo } from "./dynamo-client.ts";
import { getBody, openStore, putBody } from "./store-requests.ts";

const connections = Number(argument("connections"));
const count = Number(argument("count"));
const rows = Number(argument("rows"));
const op = argument("op");
const chance = seededChance(7);
/** Content enough: what is put repeats after some thousand orders, under keys that do not. */
const stock = [...orders(4000)];
const numbers = Uint32Array.from({ length: count }, () => Math.floor(chance.next() * rows));
const orderOf = (i: number): Order => ({
  ...stock[i % stock.length]!,
  customer: `customer-${String(Math.floor(i / 10)).padStart(8, "0")}`,
  order: BigInt(i),
});

async function run(send: (i: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < count) await send(numbers[next++]!);
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return count;
}

if (argument("server") === "dynalite") {
  const dynamo = openDynamo(argument("endpoint"), connections);
  const send = (i: number) => {
    const order = orderOf(i);
    if (op === "put") return dynamo.call("PutItem", { TableName: "orders", Item: itemOf(order) });
    return dynamo.call("GetItem", { TableName: "orders", Key: { customer: { S: order.customer }, order: { N: String(order.order) } } });
  };
  await reportMeasured(() => run(send));
  await dynamo.close();
} else {
  const store = openStore(connections);
  const send = (i: number) => (op === "put" ? store.send("PutRow", putBody(orderOf(i))) : store.send("GetRow", getBody(i)));
  await reportMeasured(() => run(send));
  await store.close();
}
