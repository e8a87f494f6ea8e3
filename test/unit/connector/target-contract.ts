import { describe, expect, test } from "vitest";
import type { Batch, PrepareOptions, Source, Target } from "../../../src/connector/connector.ts";
import { RowRefused, type FlowRow } from "../../../src/job/mapping.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import { batchesOf, everything, functionMapping, identityMapping, rowsOf, textOf, writeAll } from "./support.ts";

export interface TargetUnderTest {
  /** Opens the same target again, as a new process would. */
  readonly open: () => Target;
  /** Rows to be written, in several batches, keys unique. */
  readonly source: Source;
  readonly key: readonly KeySchema[];
}

const first: PrepareOptions = { notEmpty: "refuse", resuming: false, versions: "latest" };
const again: PrepareOptions = { ...first, resuming: true };
const plain = { versions: "latest", refuseDuplicates: false } as const;

/** What every target promises, whatever is behind it. */
export function targetContract(name: string, make: () => Promise<TargetUnderTest>): void {
  const scanned = async (source: Source): Promise<Batch[]> => batchesOf(source, (await source.split(1, everything))[0]!);
  const texts = (rows: readonly FlowRow[]) => rows.map((row) => textOf(row)).sort();

  const writeBatches = async (target: Target, batches: readonly Batch[], key: readonly KeySchema[]) => {
    const encoder = target.encoder(identityMapping(key), plain);
    for (const batch of batches) expect(await writeAll(target, encoder.encode(batch).parcels)).toEqual([]);
  };

  describe(`target contract: ${name}`, () => {
    test("holds just the rows written once it is complete", async () => {
      const { open, source, key } = await make();
      const target = open();
      await target.prepare(first);
      const batches = await scanned(source);
      await writeBatches(target, batches, key);
      await target.complete?.();
      await target.settle();
      expect(texts(await rowsOf(target.reader(key)))).toEqual(texts(batches.flatMap((batch) => batch.decoded())));
      await target.close();
    });

    test("keeps its incarnation from preparing to being complete", async () => {
      const { open, source, key } = await make();
      const target = open();
      await target.prepare(first);
      const before = await target.describe();
      await writeBatches(target, await scanned(source), key);
      await target.complete?.();
      const after = await target.describe();
      expect(before.incarnation).not.toBe("");
      expect(after.incarnation).toBe(before.incarnation);
      await target.close();
    });

    test("accounts for every row of a batch", async () => {
      const { open, source, key } = await make();
      const target = open();
      await target.prepare(first);
      const [batch] = await scanned(source);
      const encoded = target.encoder(identityMapping(key), plain).encode(batch!);
      const indexes = encoded.parcels.flatMap((parcel) => Array.from({ length: parcel.rows }, (_, i) => parcel.sourceIndex(i)));
      expect(indexes).toEqual([...Array(batch!.rows).keys()]);
      expect(encoded).toMatchObject({ rowsOut: batch!.rows, filtered: 0, refused: [] });
      await target.close();
    });

    test("reports what the mapping refuses and filters, and writes the rest", async () => {
      const { open, source, key } = await make();
      const target = open();
      await target.prepare(first);
      const [batch] = await scanned(source);
      const rows = batch!.decoded();
      const mapping = functionMapping(key, (row) => {
        const at = rows.indexOf(row);
        if (at === 1) throw new RowRefused({ cause: "cast", text: "no number" });
        return at === 2 ? [] : [row];
      });
      const encoded = target.encoder(mapping, plain).encode(batch!);
      expect(encoded.refused).toEqual([{ index: 1, refusal: { cause: "cast", text: "no number" } }]);
      expect(encoded).toMatchObject({ filtered: 1, rowsOut: rows.length - 2 });
      await writeAll(target, encoded.parcels);
      await target.complete?.();
      expect(texts(await rowsOf(target.reader(key)))).toEqual(texts(rows.filter((_, at) => at !== 1 && at !== 2)));
      await target.close();
    });

    test("takes a parcel twice without holding its rows twice", async () => {
      const { open, source, key } = await make();
      const target = open();
      await target.prepare(first);
      const [batch] = await scanned(source);
      const { parcels } = target.encoder(identityMapping(key), plain).encode(batch!);
      await writeAll(target, parcels);
      await writeAll(target, parcels);
      await target.complete?.();
      expect(texts(await rowsOf(target.reader(key)))).toEqual(texts(batch!.decoded()));
      await target.close();
    });

    test("refuses to start over rows that are there, and lets a run go on", async () => {
      const { open, source, key } = await make();
      const target = open();
      await target.prepare(first);
      await writeBatches(target, await scanned(source), key);
      await target.complete?.();
      await target.close();
      const second = open();
      await expect(second.prepare(first)).rejects.toMatchObject({ code: "TF_TARGET_NOT_EMPTY" });
      await second.close();
      const third = open();
      await third.prepare(again);
      await third.close();
    });

    test.each([0, 1])("holds every row once when a run goes on after batch %i although more was written", async (checkpoint) => {
      const { open, source, key } = await make();
      const target = open();
      await target.prepare(first);
      const batches = await scanned(source);
      expect(batches.length).toBeGreaterThan(2);
      await writeBatches(target, batches.slice(0, checkpoint + 2), key);
      await target.close();
      const next = open();
      await next.prepare(again);
      const rest = await batchesOf(source, (await source.split(1, everything))[0]!, batches[checkpoint]!.position);
      await writeBatches(next, rest, key);
      await next.complete?.();
      expect(texts(await rowsOf(next.reader(key)))).toEqual(texts(batches.flatMap((batch) => batch.decoded())));
      await next.close();
    });

    test("holds every row once when a run starts from the beginning after one that was killed early", async () => {
      const { open, source, key } = await make();
      const target = open();
      await target.prepare(first);
      const batches = await scanned(source);
      await writeBatches(target, batches.slice(0, 1), key);
      await target.close();
      const next = open();
      await next.prepare(again);
      await writeBatches(next, batches, key);
      await next.complete?.();
      expect(texts(await rowsOf(next.reader(key)))).toEqual(texts(batches.flatMap((batch) => batch.decoded())));
      await next.close();
    });

    test("stops with the signal's reason", async () => {
      const { open, source, key } = await make();
      const target = open();
      await target.prepare(first);
      const [batch] = await scanned(source);
      const { parcels } = target.encoder(identityMapping(key), plain).encode(batch!);
      const reason = new Error("asked to stop");
      await expect(target.write(parcels[0]!, AbortSignal.abort(reason))).rejects.toBe(reason);
      await target.close();
    });
  });
}
