import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Filter, WriteCondition } from "../../../src/model/condition.ts";
import type { Value } from "../../../src/model/value.ts";
import { ByteWriter } from "../../../src/wire/plainbuffer/byte-writer.ts";
import { BatchWriteBody, batchWriteBody, type RowKind } from "../../../src/wire/operation/batch-write-body.ts";
import { batchWriteRow } from "../../../src/wire/operation/batch-write-row.ts";

/** Lengths around those at which a length in front takes another byte. */
const length = fc.oneof(
  fc.nat(20),
  fc.integer({ min: 100, max: 140 }),
  fc.integer({ min: 16_360, max: 16_400 }),
  fc.integer({ min: 2_097_130, max: 2_097_160 }),
);

const kind: fc.Arbitrary<RowKind> = fc.record({
  type: fc.constantFrom("put" as const, "update" as const, "delete" as const),
  condition: fc.constantFrom<WriteCondition>(
    { existence: "ignore" },
    { existence: "expectNotExist" },
    { existence: "expectExist", filter: { type: "and", filters: [isA("x".repeat(200)), isA(7n)] } },
  ),
});

function isA(value: Value): Filter {
  return { type: "column", name: "a", comparator: "equal", value, filterIfMissing: true, latestVersionOnly: true };
}

describe("a body written in place", () => {
  test("is byte for byte what the operation encodes", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "ü"), minLength: 1, maxLength: 200 }),
        fc.array(fc.tuple(length, kind), { minLength: 1, maxLength: 3 }),
        (tableName, sized) => {
          const rows = sized.map(([size, kindOf], at) => ({ ...kindOf, change: new Uint8Array(size).fill(at + 1) }));
          const changes = rows.map(({ change }) => change);
          const body = new BatchWriteBody(tableName, sized[0]![1], new ByteWriter(0));
          for (const [at, change] of changes.entries()) {
            body.begin();
            body.writer.append(change);
            body.commit(sized[at]![1]);
          }
          const made = body.finish();
          expect(Buffer.compare(made, batchWriteRow.encodeRequest({ tables: [{ tableName, rows }] }))).toBe(0);
          changes.forEach((change, at) =>
            expect(Buffer.compare(body.writer.bytes.subarray(body.offsets[2 * at], body.offsets[2 * at + 1]), change)).toBe(0),
          );
          expect(batchWriteBody.encodeRequest(made)).toBe(made);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("forgets a change that is taken back", () => {
    const body = new BatchWriteBody("orders", { type: "put", condition: { existence: "ignore" } }, new ByteWriter(0));
    for (const [size, keep] of [
      [10, true],
      [300, false],
      [20, true],
    ] as const) {
      body.begin();
      body.writer.append(new Uint8Array(size).fill(size));
      if (keep) body.commit();
      else body.rollback();
    }
    const { tables } = batchWriteRow.decodeRequest(body.finish());
    expect(tables[0]!.rows.map(({ change }) => change.length)).toEqual([10, 20]);
    expect([body.rows, body.changeBytes]).toEqual([2, 30]);
  });
});
