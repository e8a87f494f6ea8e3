import { describe, expect, test } from "vitest";
import type { Source, Split } from "../../../src/connector/connector.ts";
import type { FlowRow } from "../../../src/job/mapping.ts";
import { batchesOf, everything, rowsOf, textOf } from "./support.ts";

export interface SourceUnderTest {
  readonly source: Source;
  /** Every row the source holds; more than one batch of them. */
  readonly rows: readonly FlowRow[];
  /** A column that some rows have with this value. */
  readonly filter: { readonly column: string; readonly value: string };
}

/** What every source promises, whatever is behind it. */
export function sourceContract(name: string, make: () => Promise<SourceUnderTest>): void {
  describe(`source contract: ${name}`, () => {
    test("describes itself with an incarnation that stays", async () => {
      const { source } = await make();
      const [first, second] = [await source.describe(), await source.describe()];
      expect(first.exists).toBe(true);
      expect(first.title).not.toBe("");
      expect(first.incarnation).not.toBe("");
      expect(second.incarnation).toBe(first.incarnation);
      await source.close();
    });

    test.each([1, 4])("gives every row once over about %i splits", async (wanted) => {
      const { source, rows } = await make();
      const read = await rowsOf(source, everything, wanted);
      expect(read.map((row) => textOf(row)).sort()).toEqual(rows.map((row) => textOf(row)).sort());
      await source.close();
    });

    test("goes on after any batch with just the rows that follow", async () => {
      const { source } = await make();
      const [split] = await source.split(1, everything);
      const batches = await batchesOf(source, split!);
      expect(batches.length).toBeGreaterThan(1);
      for (let at = 0; at < batches.length; at++) {
        const expected = batches.slice(at + 1).flatMap((batch) => batch.decoded().map((row) => textOf(row)));
        const read = (await batchesOf(source, split!, batches[at]!.position)).flatMap((batch) => batch.decoded().map((row) => textOf(row)));
        expect(read).toEqual(expected);
      }
      await source.close();
    });

    test("goes on from a split and a position that went through JSON", async () => {
      const { source } = await make();
      const [split] = await source.split(1, everything);
      const batches = await batchesOf(source, split!);
      const kept = JSON.parse(JSON.stringify({ split, position: batches[0]!.position })) as { split: Split; position: string };
      const read = await batchesOf(source, kept.split, kept.position);
      expect(read.map((batch) => batch.position)).toEqual(batches.slice(1).map((batch) => batch.position));
      await source.close();
    });

    test("chains batches: each says its split and begins where the one before ended", async () => {
      const { source } = await make();
      const [split] = await source.split(1, everything);
      const batches = await batchesOf(source, split!);
      expect(batches.map((batch) => batch.split)).toEqual(batches.map(() => split!.id));
      expect(batches.map((batch) => batch.from)).toEqual([undefined, ...batches.slice(0, -1).map((batch) => batch.position)]);
      await source.close();
    });

    test("counts the rows and bytes of a batch and says where each row stood", async () => {
      const { source } = await make();
      const [split] = await source.split(1, everything);
      const places = new Set<string>();
      let rows = 0;
      for (const batch of await batchesOf(source, split!)) {
        expect(batch.rows).toBe(batch.decoded().length);
        expect(batch.bytes).toBeGreaterThan(0);
        for (let i = 0; i < batch.rows; i++) places.add(batch.place(i));
        rows += batch.rows;
      }
      expect(places.size).toBe(rows);
      await source.close();
    });

    test("samples rows that it holds, at most as many as asked", async () => {
      const { source, rows } = await make();
      const known = new Set(rows.map((row) => textOf(row)));
      const sample = await source.sample(10, everything);
      expect(sample.length).toBe(10);
      expect(sample.filter((row) => !known.has(textOf(row)))).toEqual([]);
      await source.close();
    });

    test("narrows a scan by a filter", async () => {
      const { source, rows, filter } = await make();
      const matches = (row: FlowRow) => row.columns.some(({ name, value }) => name === filter.column && value === filter.value);
      const scope = {
        versions: "latest",
        filter: {
          type: "column",
          name: filter.column,
          comparator: "equal",
          value: filter.value,
          filterIfMissing: true,
          latestVersionOnly: true,
        },
      } as const;
      const expected = rows.filter(matches).map((row) => textOf(row));
      expect(expected.length).toBeGreaterThan(0);
      expect(expected.length).toBeLessThan(rows.length);
      expect((await rowsOf(source, scope)).map((row) => textOf(row)).sort()).toEqual(expected.sort());
      await source.close();
    });

    test("gives the canonical form of every row, its key first", async () => {
      const { source, rows } = await make();
      const canonicalizer = source.canonicalizer(undefined, everything);
      const forms: string[] = [];
      for (const split of await source.split(1, everything)) {
        for await (const batch of source.scan(split, undefined, everything)) {
          const indexes: number[] = [];
          const refused = canonicalizer.each(batch, (bytes, start, keyEnd, end, index) => {
            expect(keyEnd).toBeGreaterThan(start);
            expect(keyEnd).toBeLessThanOrEqual(end);
            indexes.push(index);
            forms.push(Buffer.from(bytes.subarray(start, end)).toString("latin1"));
          });
          expect(refused).toEqual([]);
          expect(indexes).toEqual([...Array(batch.rows).keys()]);
        }
      }
      expect(forms.sort()).toEqual(rows.map((row) => textOf(row)).sort());
      await source.close();
    });

    test("looks rows up in the order asked, where it can", async () => {
      const { source, rows } = await make();
      if (source.lookUp === undefined) return;
      const asked = [rows[7]!, rows[3]!, rows[7]!];
      const keys = asked.map((row) => row.key.map(({ value }) => value));
      const absent = rows[0]!.key.map(({ value }) =>
        typeof value === "bigint" ? -999_999n : typeof value === "string" ? "\u0001 absent" : new Uint8Array([0]),
      );
      const found = await source.lookUp([...keys, absent], everything);
      expect(found.map((row) => (row === undefined ? undefined : textOf(row)))).toEqual([...asked.map((row) => textOf(row)), undefined]);
      await source.close();
    });

    test("stops with the signal's reason", async () => {
      const { source } = await make();
      const [split] = await source.split(1, everything);
      const stopped = new AbortController();
      const reason = new Error("asked to stop");
      const read = async () => {
        for await (const _ of source.scan(split!, undefined, everything, stopped.signal)) stopped.abort(reason);
      };
      await expect(read()).rejects.toBe(reason);
      await source.close();
    });
  });
}
