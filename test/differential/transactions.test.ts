import TableStore from "tablestore";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { Caller, tableRequest } from "../conformance/caller.ts";
import { fetchTransport } from "../conformance/endpoints.ts";
import { any, long, openSdk, refusal, shown } from "./sdk-endpoint.ts";

/** Local transactions by the official Node SDK. Tables are made beside it: it has no option for them (reference 9). */
let sdk: Awaited<ReturnType<typeof openSdk>>;
let tableName = "";
let count = 0;

const key = (a: string, b: number) => [{ a }, { b: long(b) }];
const start = async (a: string): Promise<string> =>
  (await sdk.client.startLocalTransaction({ tableName, primaryKey: [{ a }] })).transactionId;
const put = (a: string, b: number, c: string, transactionId?: string) =>
  sdk.client.putRow({ tableName, condition: any(), primaryKey: key(a, b), attributeColumns: [{ c }], transactionId });
const get = async (a: string, b: number, transactionId?: string) =>
  shown((await sdk.client.getRow({ tableName, primaryKey: key(a, b), maxVersions: 1, transactionId })).row);
const range = async (transactionId?: string) =>
  (
    await sdk.client.getRange({
      tableName,
      direction: TableStore.Direction.FORWARD,
      maxVersions: 1,
      inclusiveStartPrimaryKey: [{ a: "k" }, { b: TableStore.INF_MIN }],
      exclusiveEndPrimaryKey: [{ a: "k" }, { b: TableStore.INF_MAX }],
      transactionId,
    })
  ).rows.map(shown);

beforeAll(async () => {
  sdk = await openSdk();
});
afterAll(() => sdk.close());
beforeEach(async () => {
  tableName = `transactions_${++count}`;
  const { endpoint, accessKeyId, accessKeySecret, instanceName } = sdk.store;
  const caller = new Caller(fetchTransport(endpoint), systemClock, { id: accessKeyId, secret: accessKeySecret }, instanceName);
  const keys = [
    { name: "a", type: "string" },
    { name: "b", type: "integer" },
  ] as const;
  await caller.call("CreateTable", { ...tableRequest(tableName, keys), localTransactions: true });
});

test("writes, reads its own writes, and shows them to others once it is committed", async () => {
  await put("k", 1, "old");
  const id = await start("k");
  await put("k", 1, "new", id);
  await sdk.client.updateRow({
    tableName,
    condition: any(),
    primaryKey: key("k", 2),
    updateOfAttributeColumns: [{ PUT: [{ c: "more" }] }],
    transactionId: id,
  });
  expect([await get("k", 1, id), await get("k", 1)]).toEqual(['a="k" b=1 | c="new"', 'a="k" b=1 | c="old"']);
  expect(await range(id)).toEqual(['a="k" b=1 | c="new"', 'a="k" b=2 | c="more"']);
  await sdk.client.commitTransaction({ transactionId: id });
  expect(await range()).toEqual(['a="k" b=1 | c="new"', 'a="k" b=2 | c="more"']);
});

test("deletes and writes batches", async () => {
  await put("k", 1, "old");
  const id = await start("k");
  await sdk.client.deleteRow({ tableName, condition: any(), primaryKey: key("k", 1), transactionId: id });
  await sdk.client.batchWriteRow({
    tables: [
      {
        tableName,
        rows: [2, 3].map((b) => ({
          type: "PUT",
          condition: any(),
          primaryKey: key("k", b),
          attributeColumns: [{ c: `batch ${b}` }],
          returnContent: { returnType: TableStore.ReturnType.NONE },
        })),
      },
    ],
    transactionId: id,
  });
  await sdk.client.commitTransaction(id);
  expect(await range()).toEqual(['a="k" b=2 | c="batch 2"', 'a="k" b=3 | c="batch 3"']);
});

test("is aborted without effect, though the SDK cannot read the reply", async () => {
  const id = await start("k");
  await put("k", 1, "never", id);
  // It decodes the empty reply as a request (reference 9, defect 2).
  await expect(sdk.client.abortTransaction({ transactionId: id })).rejects.toThrow("missing required 'transactionId'");
  expect(await get("k", 1)).toBe("none");
  await put("k", 1, "after");
});

test("meets the service's refusals", async () => {
  const id = await start("k");
  expect(await refusal(put("k", 1, "other"))).toMatch(/^409 .*OTSRowOperationConflict.*Data is being modified by the other request\./);
  expect(await refusal(start("k"))).toMatch(/^409 .*OTSRowOperationConflict/);
  expect(await refusal(put("z", 1, "else", id))).toMatch(/^400 .*OTSDataOutOfRange/);
  expect(await refusal(sdk.client.startLocalTransaction({ tableName, primaryKey: key("k", 1) }))).toMatch(
    /^400 .*OTSParameterInvalid.*StartLocalTransaction support only one primary key\./,
  );
  await sdk.client.commitTransaction({ transactionId: id });
  expect(await refusal(sdk.client.commitTransaction({ transactionId: id }))).toMatch(
    /^400 .*OTSSessionNotExist.*Session not exist or may be timeout\./,
  );
});
