import { describe, expect, test } from "vitest";
import type { Batch, Encoder, Parcel, PrepareOptions } from "../../../src/connector/connector.ts";
import { FileBatch } from "../../../src/connector/file/file-batch.ts";
import { tableSource } from "../../../src/connector/table-store/table-source.ts";
import { tableTarget } from "../../../src/connector/table-store/table-target.ts";
import { compileMapping } from "../../../src/job/compile-mapping.ts";
import { loadedDefinition } from "../../../src/job/load-mapping.ts";
import type { FlowRow } from "../../../src/job/mapping.ts";
import type { Value } from "../../../src/model/value.ts";
import { batchWriteRow } from "../../../src/wire/operation/batch-write-row.ts";
import { signedResponse } from "../../../src/wire/headers.ts";
import type { Transport } from "../../../src/wire/transport.ts";
import { everything, functionMapping, identityMapping, rowsOf, textOf, writeAll } from "./support.ts";
import { testStore } from "./table-support.ts";

const store = testStore();
const key = [{ name: "id", type: "integer" }] as const;
const first: PrepareOptions = { notEmpty: "refuse", resuming: false, versions: "latest" };
const plain = { versions: "latest", refuseDuplicates: false } as const;
const DAY = 86_400_000;

const rowOf = (id: bigint, columns: Readonly<Record<string, Value>> = {}): FlowRow => ({
  key: [{ name: "id", value: id }],
  columns: Object.entries(columns).map(([name, value]) => ({ name, value })),
});
const batchOf = (rows: readonly FlowRow[]): Batch =>
  new FileBatch(
    { split: "0", from: undefined, position: "1", bytes: 1, refused: [] },
    "rows",
    rows,
    rows.map((_, at) => at),
  );
const texts = (rows: readonly (FlowRow | undefined)[], keep = false) =>
  rows.map((row) => (row === undefined ? "" : textOf(row, keep))).sort();
const encode = (encoder: Encoder, rows: readonly FlowRow[]) => encoder.encode(batchOf(rows));

describe("preparing a table", () => {
  test("refuses a table that is not there and may not be made", async () => {
    await expect(tableTarget(store.client, "nowhere").prepare(first)).rejects.toMatchObject({ code: "TF_TARGET_MISSING" });
  });

  test("makes it with the key and options of `create`, which it shows beforehand", async () => {
    const create = {
      primaryKey: [
        { name: "a", type: "string" as const },
        { name: "b", type: "binary" as const },
      ],
      maxVersions: 3,
      timeToLiveSeconds: 90_000,
      maxDeviationSeconds: 77,
    };
    const target = tableTarget(store.client, "made", { create });
    expect(await target.describe()).toMatchObject({ exists: false, key: create.primaryKey, incarnation: "" });
    await target.prepare(first);
    expect(await target.describe()).toMatchObject({ exists: true, key: create.primaryKey, maxVersions: 3, timeToLiveSeconds: 90_000 });
    expect((await store.client.describeTable("made")).options.maxDeviation).toBe(77);
  });

  test("names the key column in which a table differs from `create`", async () => {
    const table = await store.createTable(key);
    const create = { primaryKey: [{ name: "id", type: "string" as const }] };
    await expect(tableTarget(store.client, table, { create }).prepare(first)).rejects.toMatchObject({
      code: "TF_TARGET_SCHEMA",
      place: expect.stringContaining("key column id") as unknown,
    });
  });

  test("names the key column in which the mapping differs from the table", async () => {
    const target = tableTarget(store.client, await store.createTable(key));
    await target.prepare(first);
    expect(() => target.encoder(identityMapping([{ name: "number", type: "integer" }]), plain)).toThrow(
      expect.objectContaining({ code: "TF_TARGET_SCHEMA" }) as Error,
    );
  });

  test("refuses a key column that the service fills itself", async () => {
    const table = await store.createTable([
      { name: "k", type: "string" },
      { name: "auto", type: "integer", autoIncrement: true },
    ]);
    await expect(tableTarget(store.client, table).prepare(first)).rejects.toMatchObject({
      code: "TF_TARGET_AUTO_INCREMENT",
      place: expect.stringContaining("auto") as unknown,
    });
  });

  test.each(["merge", "mirror"] as const)("takes a table with rows under %s", async (notEmpty) => {
    const table = await store.createTable(key);
    await store.put(table, [rowOf(1n)]);
    await tableTarget(store.client, table).prepare({ ...first, notEmpty });
    expect((await rowsOf(tableSource(store.client, table))).length).toBe(1);
  });
});

describe("versions kept", () => {
  const old = Date.now() - 400 * DAY;
  const versioned: FlowRow = {
    key: [{ name: "id", value: 1n }],
    columns: [
      { name: "a", value: "new", timestamp: old + 5 },
      { name: "a", value: "old", timestamp: old },
      { name: "b", value: 2n, timestamp: old + 1 },
    ],
  };
  const keep = { versions: "keep", refuseDuplicates: false } as const;

  test("arrive with their timestamps, however old, and the table's deviation is restored by whoever settles", async () => {
    const table = await store.createTable(key, { maxVersions: 2, maxDeviation: 3600 });
    const target = tableTarget(store.client, table);
    await target.prepare({ ...first, versions: "keep" });
    expect(await writeAll(target, encode(target.encoder(identityMapping(key), keep), [versioned]).parcels)).toEqual([]);
    const [stored] = await rowsOf(target.reader(), { versions: "keep" });
    expect(textOf(stored!, true)).toBe(textOf(versioned, true));
    const another = tableTarget(store.client, table);
    await another.settle();
    await another.settle();
    expect((await store.client.describeTable(table)).options.maxDeviation).toBe(3600);
  });

  test("need no raised deviation when they are young enough", async () => {
    const table = await store.createTable(key, { maxDeviation: 3600 });
    await tableTarget(store.client, table).prepare({ ...first, versions: "keep", oldestTimestampMs: 60_000 });
    expect((await store.client.describeTable(table)).options.maxDeviation).toBe(3600);
  });

  test("leave a deviation alone that a run before has raised", async () => {
    const table = await store.createTable(key, { maxDeviation: 3600 });
    for (let run = 0; run < 2; run++) await tableTarget(store.client, table).prepare({ ...first, resuming: true, versions: "keep" });
    await tableTarget(store.client, table).settle();
    expect((await store.client.describeTable(table)).options.maxDeviation).toBe(3600);
  });

  test("are counted and left out where the target's time to live is over", async () => {
    const table = await store.createTable(key, { maxVersions: 5, timeToLive: 30 * 86_400 });
    const target = tableTarget(store.client, table);
    await target.prepare({ ...first, versions: "keep" });
    const young = { name: "a", value: "young", timestamp: Date.now() - DAY };
    const encoded = encode(target.encoder(identityMapping(key), keep), [{ key: versioned.key, columns: [young, ...versioned.columns] }]);
    expect(encoded).toMatchObject({ expiredCells: 3, rowsOut: 1 });
    expect(await writeAll(target, encoded.parcels)).toEqual([]);
    const [stored] = await rowsOf(target.reader(), { versions: "keep" });
    expect(textOf(stored!, true)).toBe(textOf({ key: versioned.key, columns: [young] }, true));
  });
});

describe("rows a table cannot hold", () => {
  test("are refused one by one with their cause, and the others written", async () => {
    const target = tableTarget(store.client, await store.createTable(key));
    await target.prepare(first);
    const rows = [
      rowOf(0n, { fine: 1n }),
      rowOf(1n, { "1st": 1n }),
      rowOf(2n, { a: NaN }),
      rowOf(3n, { a: "x".repeat(2_097_153) }),
      rowOf(4n, { id: 1n }),
      rowOf(5n, { a: "half \ud800" }),
      rowOf(6n, { a: "ü".repeat(1_048_576) }),
      rowOf(1n << 63n, {}),
    ];
    const encoded = encode(target.encoder(identityMapping(key), plain), rows);
    expect(encoded.refused.map(({ index, refusal }) => [index, refusal.cause])).toEqual([
      [1, "column-name"],
      [2, "number"],
      [3, "too-large"],
      [4, "column-name"],
      [5, "value"],
      [7, "value"],
    ]);
    expect(encoded.rowsOut).toBe(2);
    expect(await writeAll(target, encoded.parcels)).toEqual([]);
    expect(texts(await rowsOf(target.reader()))).toEqual(texts([rows[0]!, rows[6]!]));
  });

  test("are found by sending each alone when the service refuses the request as a whole", async () => {
    const source = await store.createTable(key);
    await store.put(source, [rowOf(1n, { a: 1n }), rowOf(2n, { a: 2n }), rowOf(3n, { a: 3n })]);
    const target = tableTarget(store.client, await store.createTable(key));
    await target.prepare(first);
    const nan = { a: { inputs: ["a"], derive: (a: bigint) => (a === 2n ? NaN : a) } };
    const mapping = compileMapping(loadedDefinition({ columns: nan as never }), { sourceKey: key, targetKey: key });
    const encoder = target.encoder(mapping, plain);
    const from = tableSource(store.client, source);
    for await (const batch of from.scan((await from.split(1, everything))[0]!, undefined, everything)) {
      const { parcels } = encoder.encode(batch);
      expect(await writeAll(target, parcels)).toEqual([{ index: 1, cause: "OTSParameterInvalid" }]);
    }
    expect((await rowsOf(target.reader())).map(({ key }) => key[0]!.value)).toEqual([1n, 3n]);
  });

  test("with a key column that is too long are refused", async () => {
    const longKey = [{ name: "k", type: "string" }] as const;
    const target = tableTarget(store.client, await store.createTable(longKey));
    await target.prepare(first);
    const { refused } = encode(target.encoder(identityMapping(longKey), plain), [
      { key: [{ name: "k", value: "ü".repeat(600) }], columns: [] },
    ]);
    expect(refused).toMatchObject([{ index: 0, refusal: { cause: "key-too-long", column: "k" } }]);
  });
});

describe("rows beyond one request", () => {
  const wide = rowOf(1n, Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`c${at}`, BigInt(at)])));
  const heavy = rowOf(2n, Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`c${at}`, new Uint8Array(1_500_000).fill(at)])));

  test("arrive whole, with many columns and with many bytes", async () => {
    const target = tableTarget(store.client, await store.createTable(key));
    await target.prepare(first);
    expect(await writeAll(target, encode(target.encoder(identityMapping(key), plain), [wide, heavy, rowOf(3n)]).parcels)).toEqual([]);
    expect(texts(await rowsOf(target.reader()))).toEqual(texts([wide, heavy, rowOf(3n)]));
  });

  test("are refused by a table that takes whole rows only", async () => {
    const target = tableTarget(store.client, await store.createTable(key, { allowUpdate: false }));
    await target.prepare(first);
    const encoded = encode(target.encoder(identityMapping(key), plain), [wide, rowOf(3n)]);
    expect(encoded.refused).toMatchObject([{ index: 0, refusal: { cause: "too-large" } }]);
    expect(encoded.rowsOut).toBe(1);
    expect(await writeAll(target, encoded.parcels)).toEqual([]);
  });
});

describe("equal keys", () => {
  const strict = { versions: "latest", refuseDuplicates: true } as const;

  test("are refused when the rows differ and pass when they are the same row", async () => {
    const target = tableTarget(store.client, await store.createTable(key));
    await target.prepare(first);
    const encoder = target.encoder(identityMapping(key), strict);
    expect(await writeAll(target, encode(encoder, [rowOf(1n, { a: "x" }), rowOf(2n, { a: "y" })]).parcels)).toEqual([]);
    const again = encode(encoder, [rowOf(1n, { a: "x" }), rowOf(2n, { a: "other" }), rowOf(3n)]);
    expect(await writeAll(target, again.parcels)).toEqual([{ index: 1, cause: "duplicate-key" }]);
    expect(texts(await rowsOf(target.reader()))).toEqual(texts([rowOf(1n, { a: "x" }), rowOf(2n, { a: "y" }), rowOf(3n)]));
  });

  test("within one batch leave the row that came first", async () => {
    const target = tableTarget(store.client, await store.createTable(key));
    await target.prepare(first);
    const { parcels } = encode(target.encoder(identityMapping(key), strict), [
      rowOf(1n, { a: "x" }),
      rowOf(1n, { a: "y" }),
      rowOf(1n, { a: "x" }),
    ]);
    const refused = [];
    for (const parcel of parcels) refused.push(...(await writeAll(target, [parcel])));
    expect(refused).toEqual([{ index: 1, cause: "duplicate-key" }]);
    expect(texts(await rowsOf(target.reader()))).toEqual(texts([rowOf(1n, { a: "x" })]));
  });
});

describe("failures on the way", () => {
  /** Fails the first BatchWriteRow in a way of its own. */
  const once =
    (fail: (inner: Transport) => Transport) =>
    (inner: Transport): Transport => {
      let failed = false;
      return (request, signal) => {
        if (failed || request.path !== "/BatchWriteRow") return inner(request, signal);
        failed = true;
        return fail(inner)(request, signal);
      };
    };
  const parcelFor = async (around: (inner: Transport) => Transport) => {
    const table = await store.createTable(key);
    const target = tableTarget(store.clientThrough(around), table);
    await target.prepare(first);
    const rows = [rowOf(1n, { a: 1n }), rowOf(2n, { a: 2n })];
    const [parcel] = encode(target.encoder(identityMapping(key), plain), rows).parcels as [Parcel];
    return { target, parcel, rows };
  };

  test("reject where nobody knows what happened, and the same parcel can be sent again", async () => {
    const lost: (inner: Transport) => Transport = (inner) => async (request, signal) => {
      await inner(request, signal);
      throw new Error("the line was cut");
    };
    const { target, parcel, rows } = await parcelFor(once(lost));
    await expect(target.write(parcel)).rejects.toThrow("the line was cut");
    expect(await target.write(parcel)).toEqual([]);
    expect(texts(await rowsOf(target.reader()))).toEqual(texts(rows));
  });

  test("name the rows to be sent again when the service is busy with some", async () => {
    const busy: (inner: Transport) => Transport = () => async (request) => {
      const rows = [
        { ok: false as const, error: { code: "OTSServerBusy", text: "Server is busy." } },
        { ok: true as const, consumed: { read: 0, write: 1 } },
      ];
      const { tables } = batchWriteRow.decodeRequest(request.body);
      return signedResponse(
        "/BatchWriteRow",
        200,
        batchWriteRow.encodeResponse({ tables: [{ tableName: tables[0]!.tableName, rows }] }),
        "id",
        0,
        store.credentials(),
      );
    };
    const { target, parcel } = await parcelFor(once(busy));
    expect(await target.write(parcel)).toEqual([{ row: 0, kind: "retry", code: "OTSServerBusy", text: "Server is busy." }]);
    expect(await target.write(parcel.only([0]))).toEqual([]);
    expect(texts(await rowsOf(target.reader()))).toEqual(texts([rowOf(1n, { a: 1n })]));
  });

  test("stop the job where the table itself is gone", async () => {
    const { target, parcel } = await parcelFor((inner) => inner);
    await store.client.deleteTable((await target.describe()).title.split(" ")[1]!);
    await expect(target.write(parcel)).rejects.toMatchObject({ code: "TF_TARGET_MISSING" });
  });
});

test("removing rows by key leaves the others", async () => {
  const table = await store.createTable(key);
  await store.put(
    table,
    Array.from({ length: 300 }, (_, at) => rowOf(BigInt(at))),
  );
  const target = tableTarget(store.client, table);
  await target.remove?.(Array.from({ length: 299 }, (_, at) => [BigInt(at)]));
  await target.remove?.([[5n]]);
  expect((await rowsOf(target.reader())).map(({ key }) => key[0]!.value)).toEqual([299n]);
});

test("a mapping that is a function may make several rows of one", async () => {
  const target = tableTarget(store.client, await store.createTable(key));
  await target.prepare(first);
  const doubling = functionMapping(key, (row) => [row, rowOf(-(row.key[0]!.value as bigint), { mirrored: true })]);
  const encoded = encode(target.encoder(doubling, plain), [rowOf(1n), rowOf(2n)]);
  expect(encoded).toMatchObject({ rowsOut: 4, filtered: 0 });
  expect(await writeAll(target, encoded.parcels)).toEqual([]);
  expect((await rowsOf(target.reader())).map(({ key }) => key[0]!.value)).toEqual([-2n, -1n, 1n, 2n]);
});
