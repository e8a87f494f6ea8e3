import fc from "fast-check";
import type { KeyColumn } from "../../../src/model/key.ts";
import type { Cell, PutCell, Row, RowChange, UpdateCell } from "../../../src/model/row.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import { AUTO_INCREMENT, INF_MAX, INF_MIN, INTEGER_MAX, INTEGER_MIN, type KeyValue, type Value } from "../../../src/model/value.ts";

/** Random model values for the codecs' properties: every type, with the corners where encodings break. */
export const integer = fc.oneof(fc.bigInt({ min: INTEGER_MIN, max: INTEGER_MAX }), fc.constantFrom(0n, -1n, INTEGER_MIN, INTEGER_MAX));
export const text = fc.string({ unit: "binary", maxLength: 40 }).filter((value) => value.isWellFormed());
export const binary = fc.uint8Array({ maxLength: 40 });
export const value: fc.Arbitrary<Value> = fc.oneof(integer, fc.double(), text, fc.boolean(), binary);
export const keyValue: fc.Arbitrary<KeyValue> = fc.oneof(integer, text, binary);
export const name = fc.oneof(
  fc.constantFrom("a", "b", "c", "name", "amount", "c10", "c9", "größe", "列"),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
);
export const timestamp = fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));

export const key: fc.Arbitrary<KeyColumn<KeyValue>[]> = fc.uniqueArray(fc.record({ name, value: keyValue }), {
  minLength: 1,
  maxLength: 4,
  selector: (column) => column.name,
});
export const wireKey = fc.uniqueArray(fc.record({ name, value: fc.oneof(keyValue, fc.constantFrom(INF_MIN, INF_MAX, AUTO_INCREMENT)) }), {
  minLength: 1,
  maxLength: 4,
  selector: (column) => column.name,
});
const inputKey = fc.uniqueArray(fc.record({ name, value: fc.oneof(keyValue, fc.constant(AUTO_INCREMENT)) }), {
  minLength: 1,
  maxLength: 4,
  selector: (column) => column.name,
});

export const cell: fc.Arbitrary<Cell> = fc.record({ name, value, timestamp });
export const putCell: fc.Arbitrary<PutCell> = fc.record({ name, value, timestamp }, { requiredKeys: ["name", "value"] });
export const streamCell: fc.Arbitrary<UpdateCell> = fc.oneof(
  cell.map((put): UpdateCell => ({ op: "put", ...put })),
  fc.record({ op: fc.constant("deleteOne" as const), name, timestamp }),
  fc.record({ op: fc.constant("deleteAll" as const), name }),
);
const updateCell: fc.Arbitrary<UpdateCell> = fc.oneof(
  putCell.map((put): UpdateCell => ({ op: "put", ...put })),
  streamCell,
  fc.record({ op: fc.constant("increment" as const), name, by: integer }),
);

/** A row as read: sorted by UTF-8 name, newest version first, no version twice. */
export const row: fc.Arbitrary<Row> = fc
  .record({ key, cells: fc.uniqueArray(cell, { maxLength: 12, selector: (one) => `${one.name}/${one.timestamp}` }) })
  .map((one) => ({ key: one.key, cells: sortCells(one.cells) }));

export const change: fc.Arbitrary<RowChange> = fc.oneof(
  fc.record({ type: fc.constant("put" as const), key: inputKey, cells: fc.array(putCell, { maxLength: 12 }) }),
  fc.record({ type: fc.constant("update" as const), key: inputKey, cells: fc.array(updateCell, { minLength: 1, maxLength: 12 }) }),
  fc.record({ type: fc.constant("delete" as const), key: inputKey }),
);

export function sortCells<C extends { readonly name: string; readonly timestamp?: number | undefined }>(cells: readonly C[]): C[] {
  return cells.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || (b.timestamp ?? 0) - (a.timestamp ?? 0));
}

export function schemaOf(columns: readonly KeyColumn<KeyValue>[]): KeySchema[] {
  return columns.map((column) => ({
    name: column.name,
    type: typeof column.value === "bigint" ? "integer" : typeof column.value === "string" ? "string" : "binary",
  }));
}

/** What reading damaged bytes may do: give a value, or throw one of the errors allowed; never anything else. */
export function survives(read: () => unknown, allowed: (error: unknown) => boolean): boolean {
  try {
    read();
    return true;
  } catch (error) {
    return allowed(error);
  }
}
