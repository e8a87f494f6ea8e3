import { expect, test } from "vitest";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { getRange, type GetRangeRequest } from "../../../src/wire/operation/get-range.ts";
import { listTable } from "../../../src/wire/operation/list-table.ts";
import { accessKey, answers, scripted, type Step } from "./scripted-transport.ts";

const consumed = { read: 1, write: 0 };
const page = (rows: number, nextStart?: number): Step =>
  answers(
    getRange.encodeResponse({
      consumed,
      rows: Uint8Array.of(rows),
      nextStart: nextStart === undefined ? undefined : Uint8Array.of(nextStart),
    }),
  );
const whole: GetRangeRequest = {
  tableName: "t",
  direction: "forward",
  selection: { maxVersions: 1 },
  start: Uint8Array.of(1),
  end: Uint8Array.of(9),
};

function client(steps: readonly Step[]) {
  const { transport, clock, requests } = scripted(steps);
  return { client: new TableStoreClient({ instance: "inst", credentials: accessKey, transport, clock }), requests };
}

test("pages follow one another until there is no next key, empty ones included", async () => {
  const { client: asked, requests } = client([page(7, 2), page(0, 5), page(8)]);
  const rows: number[] = [];
  for await (const one of asked.getRangePages(whole)) rows.push(one.rows[0]!);
  expect(rows).toEqual([7, 0, 8]);
  expect(requests.map(({ body }) => getRange.decodeRequest(body).start[0])).toEqual([1, 2, 5]);
});

test("pages that nobody asks for are not fetched", async () => {
  const { client: asked, requests } = client([page(7, 2), page(0, 5)]);
  for await (const one of asked.getRangePages(whole)) {
    expect(one.rows[0]).toBe(7);
    break;
  }
  expect(requests).toHaveLength(1);
});

test("a key that changes is asked for at each call", async () => {
  const names = ["first", "second"];
  const { transport, clock, requests } = scripted([
    answers(listTable.encodeResponse({ tableNames: [] })),
    answers(listTable.encodeResponse({ tableNames: [] })),
  ]);
  const asked = new TableStoreClient({
    instance: "inst",
    credentials: () => ({ id: names.shift() ?? "none", secret: "sk" }),
    transport,
    clock,
  });
  await asked.listTable();
  await asked.listTable();
  expect(requests.map(({ headers }) => headers["x-ots-accesskeyid"])).toEqual(["first", "second"]);
});
