import fc from "fast-check";
import { expect, test } from "vitest";
import type { PutCell } from "../../../src/model/row.ts";
import { composePut } from "../../../src/store/compose-put.ts";
import { cellCountOf, newestOf, oldestOf, ROW_HEADER_BYTES, versionsOf } from "../../../src/store/row-header.ts";
import { StoredRowWriter } from "../../../src/store/stored-row-writer.ts";
import { ByteWriter } from "../../../src/wire/plainbuffer/byte-writer.ts";
import { encodeChange, encodeRow } from "../../../src/wire/plainbuffer/encode.ts";
import * as tag from "../../../src/wire/plainbuffer/tag.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";

const NOW = 1_700_000_000_000;
const key = [{ name: "pk", value: "row" }];
const timestamp = fc.constantFrom(undefined, NOW, NOW - 1, NOW + 1, 5);

/** Rows of a batch: mostly the columns of the row before it with other values and versions, sometimes other columns, some of them more than once. */
const rows = fc
  .array(
    fc.record({
      names: fc.option(fc.array(fc.constantFrom("a", "b", "ab", "B", "列", ""), { maxLength: 6 }), { nil: undefined, freq: 3 }),
      values: fc.array(fc.string({ maxLength: 12 }), { minLength: 6, maxLength: 6 }),
      timestamps: fc.array(timestamp, { minLength: 6, maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((drawn) => {
    let columns: readonly string[] = ["b", "a"];
    return drawn.map(({ names, values, timestamps }) => {
      columns = names ?? columns;
      return columns.map((name, i): PutCell => ({ name, value: values[i]!, timestamp: timestamps[i] }));
    });
  });

/** By name, newest first; of cells with the same name and version the one written last; no more than `maxVersions` a column. */
function expected(cells: readonly PutCell[], maxVersions: number) {
  const versioned = cells.map(({ name, value, timestamp: given = NOW }) => ({ name, value, timestamp: given }));
  const last = versioned.filter(
    (cell, at) => !versioned.some((other, i) => i > at && other.name === cell.name && other.timestamp === cell.timestamp),
  );
  const byName = last.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || b.timestamp - a.timestamp);
  return byName.filter((cell, at) => byName.slice(0, at).filter(({ name }) => name === cell.name).length < maxVersions);
}

test("a row is stored by its own cells, whichever rows were stored before it", () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 3 }), (batch, maxVersions) => {
      const walker = new RowWalker();
      const out = new StoredRowWriter(new ByteWriter(), NOW);
      for (const cells of batch) {
        walker.open(encodeChange({ type: "put", key, cells })).next();
        const stored = composePut(out, walker, NOW, maxVersions);
        const kept = expected(cells, maxVersions);
        expect(stored.subarray(ROW_HEADER_BYTES)).toEqual(Buffer.from(encodeRow({ key, cells: kept }).subarray(tag.HEADER_LENGTH)));
        const versions = kept.map((cell) => cell.timestamp);
        expect([cellCountOf(stored), oldestOf(stored), newestOf(stored)]).toEqual(
          kept.length === 0 ? [0, NOW, NOW] : [kept.length, Math.min(...versions), Math.max(...versions)],
        );
        expect(versionsOf(stored)).toBe(Math.max(0, ...kept.map(({ name }) => kept.filter((cell) => cell.name === name).length)));
      }
    }),
    { numRuns: 300 },
  );
});

test("more cells than are sorted by insertion are stored in order, in every row of their shape", () => {
  const walker = new RowWalker();
  const out = new StoredRowWriter(new ByteWriter(), NOW);
  const cells = Array.from({ length: 100 }, (_, i): PutCell => ({ name: `c${(i * 37) % 100}`, value: BigInt(i) }));
  for (let round = 0; round < 2; round++) {
    walker.open(encodeChange({ type: "put", key, cells })).next();
    const stored = composePut(out, walker, NOW, 1);
    expect(stored.subarray(ROW_HEADER_BYTES)).toEqual(
      Buffer.from(encodeRow({ key, cells: expected(cells, 1) }).subarray(tag.HEADER_LENGTH)),
    );
  }
});
