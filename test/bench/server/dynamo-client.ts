import { openHttpTransport } from "../../../src/client/http-transport.ts";
import { orders, type Order } from "../corpus.ts";

/** DynamoDB's JSON over our own transport, so that both servers are asked by an equally cheap client. dynalite wants a signature and does not check it. */
export function openDynamo(endpoint: string, connections: number) {
  const http = openHttpTransport({ endpoint, connections, responseBytesMax: 64 << 20 });
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-date": "20260101T000000Z",
    authorization:
      "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0",
  };
  return {
    async call<Reply>(operation: string, body: object): Promise<Reply> {
      return JSON.parse((await this.send(operation, Buffer.from(JSON.stringify(body)))).toString()) as Reply;
    },
    /** Looks at the status only. */
    async send(operation: string, body: Uint8Array): Promise<Buffer> {
      const request = { path: "/", headers: { ...headers, "x-amz-target": `DynamoDB_20120810.${operation}` }, body };
      const { status, body: reply } = await http.transport(request);
      const bytes = Buffer.from(reply.buffer, reply.byteOffset, reply.length);
      if (status !== 200) throw new Error(`${operation}: ${status} ${bytes.toString("utf8", 0, 200)}`);
      return bytes;
    },
    close: () => http.close(),
  };
}
export type Dynamo = ReturnType<typeof openDynamo>;

export const dynamoTable = {
  TableName: "orders",
  AttributeDefinitions: [
    { AttributeName: "customer", AttributeType: "S" },
    { AttributeName: "order", AttributeType: "N" },
  ],
  KeySchema: [
    { AttributeName: "customer", KeyType: "HASH" },
    { AttributeName: "order", KeyType: "RANGE" },
  ],
  ProvisionedThroughput: { ReadCapacityUnits: 1000, WriteCapacityUnits: 1000 },
};

/** An order of the corpus as an item. */
export function itemOf(order: Order): object {
  return {
    customer: { S: order.customer },
    order: { N: String(order.order) },
    status: { S: order.status },
    amount: { N: String(order.amount) },
    currency: { S: order.currency },
    quantity: { N: String(order.quantity) },
    placed_at: { N: String(order.placedAt) },
    paid: { BOOL: order.paid },
    city: { S: order.city },
    note: { S: order.note },
  };
}

/** Batches of 25 items, DynamoDB's most, as request bodies made beforehand: making them must not count. */
export function dynamoBatches(rows: number): Uint8Array[] {
  const batches: Uint8Array[] = [];
  let items: object[] = [];
  const add = () => batches.push(Buffer.from(JSON.stringify({ RequestItems: { orders: items } })));
  for (const order of orders(rows)) {
    items.push({ PutRequest: { Item: itemOf(order) } });
    if (items.length < 25) continue;
    add();
    items = [];
  }
  if (items.length > 0) add();
  return batches;
}
