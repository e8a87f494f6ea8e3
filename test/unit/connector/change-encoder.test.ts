import { describe, expect, test } from "vitest";
import type { TargetChange } from "../../../src/connector/change.ts";
import { tableTarget } from "../../../src/connector/table-store/table-target.ts";
import type { Target } from "../../../src/connector/connector.ts";
import type { WriteCondition } from "../../../src/model/condition.ts";
import type { PutCell, RowChange, UpdateCell } from "../../../src/model/row.ts";
import { AUTO_INCREMENT, type Value } from "../../../src/model/value.ts";
import { encodeErrorBody } from "../../../src/wire/error-body.ts";
import { signedResponse } from "../../../src/wire/headers.ts";
import { batchWriteRow } from "../../../src/wire/operation/batch-write-row.ts";
import type { Transport } from "../../../src/wire/transport.ts";
import { rowsOf, writeAll } from "./support.ts";
import { testStore } from "./table-support.ts";

const store = testStore();
const key = [{ name: "id", type: "integer" }] as const;
const keyOf = (id: bigint) => [{ name: "id", value: id }];
const put = (id: bigint, columns: Readonly<Record<string, Value>> = {}): RowChange => ({
  type: "put",
  key: keyOf(id),
  cells: Object.entries(columns).map(([name, value]): PutCell => ({ name, value })),
});
const set = (name: string, value: Value, timestamp?: number): UpdateCell => ({ op: "put", name, value, timestamp });
const update = (id: bigint, ...cells: UpdateCell[]): RowChange => ({ type: "update", key: keyOf(id), cells });
const remove = (id: bigint): RowChange => ({ type: "delete", key: keyOf(id) });
const is = (name: string, value: Value): WriteCondition => ({
  existence: "ignore",
  filter: { type: "column", name, comparator: "equal", value, filterIfMissing: true, latestVersionOnly: true },
});
const changesOf = (changes: readonly (RowChange | readonly [RowChange, WriteCondition])[]): TargetChange[] =>
  changes.map((one, index) => ("type" in one ? { change: one, index } : { change: one[0], index, condition: one[1] }));

/** Writes the changes as an engine does; the refused of both encoder and service, by index. */
async function apply(target: Target, changes: Parameters<typeof changesOf>[0]) {
  const { parcels, refused } = (await target.changeEncoder!()).encode(changesOf(changes));
  const written = await writeAll(target, parcels);
  return [...refused.map(({ index, refusal }) => ({ index, cause: refusal.cause })), ...written].sort((a, b) => a.index - b.index);
}

async function textsOf(target: Target): Promise<string[]> {
  const rows = await rowsOf(target.reader());
  return rows.map(({ key, columns }) => `${key[0]!.value}: ${columns.map(({ name, value }) => `${name}=${String(value)}`).join(" ")}`);
}

describe("changes written together", () => {
  test("are puts, updates and deletes in one request", async () => {
    const sent: string[][] = [];
    const record =
      (inner: Transport): Transport =>
      (request, signal) => {
        if (request.path === "/BatchWriteRow") sent.push(batchWriteRow.decodeRequest(request.body).tables[0]!.rows.map(({ type }) => type));
        return inner(request, signal);
      };
    const target = tableTarget(store.clientThrough(record), await store.createTable(key));
    expect(await apply(target, [put(1n, { a: "x", b: 1n }), put(2n, { a: "y" }), put(3n)])).toEqual([]);
    expect(await apply(target, [update(1n, set("a", "z"), { op: "deleteAll", name: "b" }), remove(2n), put(4n, { c: true })])).toEqual([]);
    expect(sent).toEqual([
      ["put", "put", "put"],
      ["update", "delete", "put"],
    ]);
    expect(await textsOf(target)).toEqual(["1: a=z", "3: ", "4: c=true"]);
  });

  test("hold each its own condition, and one that does not hold is the change's refusal", async () => {
    const target = tableTarget(store.client, await store.createTable(key));
    await apply(target, [put(1n, { a: 1n }), put(2n, { a: 2n }), put(3n, { a: 3n })]);
    const refused = await apply(target, [
      [update(1n, set("b", "new")), is("a", 1n)],
      [update(2n, set("b", "new")), is("a", 1n)],
      [remove(3n), is("a", 4n)],
      [put(4n), { existence: "expectExist" }],
      [put(5n), { existence: "expectNotExist" }],
    ]);
    expect(refused).toEqual([1, 2, 3].map((index) => ({ index, cause: "OTSConditionCheckFail" })));
    expect(await textsOf(target)).toEqual(["1: a=1 b=new", "2: a=2", "3: a=3", "5: "]);
  });

  test("go out in parcels of 200 at most, and rows sent again alone keep what they are", async () => {
    const target = tableTarget(store.client, await store.createTable(key));
    await apply(
      target,
      Array.from({ length: 250 }, (_, at) => put(BigInt(at), { a: 1n })),
    );
    const encoder = await target.changeEncoder!();
    const { parcels } = encoder.encode(
      changesOf(Array.from({ length: 250 }, (_, at) => (at % 2 === 0 ? remove(BigInt(at)) : update(BigInt(at), set("a", 2n))))),
    );
    expect(parcels.map(({ rows }) => rows)).toEqual([200, 50]);
    expect(await writeAll(target, [parcels[0]!.only([3, 4]), parcels[1]!])).toEqual([]);
    const texts = await textsOf(target);
    expect([texts.length, texts[3], texts[4]]).toEqual([224, "3: a=2", "5: a=1"]);
  });

  test("are sent one by one when the service refuses all of them, each still of its own kind and under its own condition", async () => {
    const sent: string[] = [];
    const refusing =
      (inner: Transport): Transport =>
      (request, signal) => {
        sent.push(request.path.slice(1));
        if (request.path !== "/BatchWriteRow") return inner(request, signal);
        const body = encodeErrorBody("OTSParameterInvalid", "one of them");
        return Promise.resolve(signedResponse(request.path, 400, body, "id", 0, store.credentials()));
      };
    const table = await store.createTable(key);
    await apply(tableTarget(store.client, table), [put(1n, { a: 1n }), put(2n), put(3n)]);
    const refused = await apply(tableTarget(store.clientThrough(refusing), table), [
      update(1n, set("b", 1n)),
      remove(2n),
      put(4n),
      [remove(3n), is("a", 1n)],
    ]);
    expect(refused).toEqual([{ index: 3, cause: "OTSConditionCheckFail" }]);
    expect(sent.slice(1).sort()).toEqual(["BatchWriteRow", "DeleteRow", "DeleteRow", "PutRow", "UpdateRow"]);
    expect(await textsOf(tableTarget(store.client, table))).toEqual(["1: a=1 b=1", "3: ", "4: "]);
  });
});

describe("changes that no request could carry", () => {
  const many = (count: number, value: (at: number) => Value) =>
    Array.from({ length: count }, (_, at) => set(`c${String(at).padStart(4, "0")}`, value(at)));

  test("are split: a put and updates, or several updates, in order and under one acknowledgement", async () => {
    const target = tableTarget(store.client, await store.createTable(key));
    expect(
      await apply(target, [
        { type: "put", key: keyOf(1n), cells: many(1500, () => 1n).map(({ name }) => ({ name, value: 1n })) },
        update(2n, ...many(2500, (at) => BigInt(at))),
        update(3n, ...many(5, (at) => new Uint8Array(1_500_000).fill(at))),
        put(4n),
      ]),
    ).toEqual([]);
    expect(await apply(target, [update(1n, ...many(1200, () => 2n), { op: "deleteAll", name: "c1400" })])).toEqual([]);
    const rows = await rowsOf(target.reader());
    expect(rows.map(({ columns }) => columns.length)).toEqual([1499, 2500, 5, 0]);
    expect(rows[0]!.columns.filter(({ value }) => value === 2n).length).toBe(1200);
  });

  test("carry their condition on the first part", async () => {
    const target = tableTarget(store.client, await store.createTable(key));
    await apply(target, [put(1n, { a: 1n })]);
    const cells = many(1100, () => 1n);
    expect(await apply(target, [[update(1n, ...cells), is("a", 2n)]])).toEqual([{ index: 0, cause: "OTSConditionCheckFail" }]);
    expect(await apply(target, [[update(1n, ...cells), is("a", 1n)]])).toEqual([]);
    expect((await rowsOf(target.reader()))[0]!.columns.length).toBe(1101);
  });
});

describe("changes a table cannot hold", () => {
  test("are refused one by one before anything is sent", async () => {
    const target = tableTarget(store.client, await store.createTable(key));
    const refused = await apply(target, [
      put(0n, { fine: 1n }),
      update(1n, set("1st", 1n)),
      update(2n, set("a", NaN)),
      put(3n, { a: "x".repeat(2_097_153) }),
      update(4n, { op: "deleteAll", name: "id" }),
      update(5n, set("a", "half \ud800")),
      update(6n, { op: "increment", name: "a", by: 1n }),
      update(7n, { op: "deleteOne", name: "a", timestamp: -1 }),
      { type: "put", key: [{ name: "id", value: AUTO_INCREMENT }], cells: [] },
      remove(9n),
    ]);
    expect(refused).toEqual(
      ["column-name", "number", "too-large", "column-name", "value", "increment", "timestamp", "auto-increment"].map((cause, at) => ({
        index: at + 1,
        cause,
      })),
    );
    expect(await textsOf(target)).toEqual(["0: fine=1"]);
  });

  test("are updates where it takes whole rows only (R10)", async () => {
    const target = tableTarget(store.client, await store.createTable(key, { allowUpdate: false }));
    expect(await apply(target, [put(1n, { a: 1n }), update(1n, set("a", 2n)), remove(2n)])).toEqual([
      { index: 1, cause: "whole-rows-only" },
    ]);
    expect(await textsOf(target)).toEqual(["1: a=1"]);
  });

  test("are all of them where the service makes the keys (R10)", async () => {
    const table = await store.createTable([
      { name: "k", type: "string" },
      { name: "n", type: "integer", autoIncrement: true },
    ]);
    await expect(tableTarget(store.client, table).changeEncoder!()).rejects.toMatchObject({ code: "TF_TARGET_AUTO_INCREMENT" });
  });

  test("are none where the table is not there", async () => {
    await expect(tableTarget(store.client, "nowhere").changeEncoder!()).rejects.toMatchObject({ code: "TF_TARGET_MISSING" });
  });

  test("lose cells that expire before they are there, which are counted (R5)", async () => {
    const target = tableTarget(store.client, await store.createTable(key, { timeToLive: 86_400, maxVersions: 3 }));
    const old = Date.now() - 86_400_000;
    const encoder = await target.changeEncoder!();
    const encoded = encoder.encode(
      changesOf([
        update(1n, set("a", "old", old), set("a", "new", Date.now())),
        update(2n, set("a", "old", old)),
        { type: "put", key: keyOf(3n), cells: [{ name: "a", value: "old", timestamp: old }] },
      ]),
    );
    expect(encoded).toMatchObject({ expiredCells: 3, rowsOut: 2, refused: [] });
    expect(await writeAll(target, encoded.parcels)).toEqual([]);
    expect(await textsOf(target)).toEqual(["1: a=new", "3: "]);
  });
});
