import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BatchParcel, plainKinds, WideParcel } from "../../../src/connector/table-store/change-parcels.ts";
import { DecodedCanonicalizer } from "../../../src/connector/decoded-canonicalizer.ts";
import { canonicalPlan, EncodedCanonicalizer } from "../../../src/connector/table-store/encoded-canonicalizer.ts";
import { DecodedEncoder } from "../../../src/connector/table-store/decoded-encoder.ts";
import { EncodedEncoder } from "../../../src/connector/table-store/encoded-encoder.ts";
import { ParcelBuilder } from "../../../src/connector/table-store/parcel-builder.ts";
import { TableBatch } from "../../../src/connector/table-store/table-batch.ts";
import type { Canonicalizer, Encoded, Encoder, ScanScope } from "../../../src/connector/connector.ts";
import { compileMapping } from "../../../src/job/compile-mapping.ts";
import type { ColumnRule, CompiledMapping, MappingDefinition } from "../../../src/job/mapping.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import type { Row } from "../../../src/model/row.ts";
import type { Value } from "../../../src/model/value.ts";
import { ByteWriter } from "../../../src/wire/plainbuffer/byte-writer.ts";
import { canonicalOfRow } from "../../../src/wire/plainbuffer/canonical.ts";
import { decodeChange } from "../../../src/wire/plainbuffer/decode-change.ts";
import { encodeRows } from "../../../src/wire/plainbuffer/encode.ts";
import { RowWalker } from "../../../src/wire/plainbuffer/walk.ts";

const sourceKey: readonly KeySchema[] = [
  { name: "k", type: "string" },
  { name: "n", type: "integer" },
];
const targetKey: readonly KeySchema[] = [
  { name: "t", type: "integer" },
  { name: "k", type: "string" },
];

const anyText = fc.string({ unit: "grapheme", maxLength: 4 });
const anyInteger = fc.bigInt({ min: -3n, max: 1n << 62n });
const anyCell: fc.Arbitrary<Value> = fc.oneof(
  anyText,
  anyInteger,
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.uint8Array({ maxLength: 4 }),
);
const anyRow: fc.Arbitrary<Row> = fc.record({
  key: fc.tuple(anyText, anyInteger).map(([k, n]) => [
    { name: "k", value: k },
    { name: "n", value: n },
  ]),
  cells: fc
    .uniqueArray(
      fc.record({
        name: fc.constantFrom("a", "b", "c", "d"),
        versions: fc.array(anyCell, { minLength: 1, maxLength: 3 }),
        newest: fc.nat(20),
      }),
      { selector: (column) => column.name, maxLength: 4 },
    )
    .map((columns) =>
      columns
        .toSorted((x, y) => (x.name < y.name ? -1 : 1))
        .flatMap(({ name, versions, newest }) => versions.map((value, at) => ({ name, value, timestamp: 100 + newest - at }))),
    ),
});

const anyName = fc.constantFrom("k", "n", "a", "b", "gone");
const rule: fc.Arbitrary<ColumnRule> = fc.oneof(
  anyName,
  fc.record({ from: anyName, as: fc.constantFrom("string", "integer", "double" as const) }),
  fc.record({ constant: anyCell }),
  fc.record({
    inputs: fc.array(anyName, { minLength: 1, maxLength: 2 }),
    derive: fc.constantFrom(
      (...all: Value[]) => all.map(String).join("|"),
      (x?: Value) => x,
      () => null,
      (x?: Value) => {
        if (typeof x === "boolean") throw new Error("no booleans");
        return x;
      },
    ),
  }),
) as fc.Arbitrary<ColumnRule>;
const anyDefinition = fc.record(
  {
    key: fc.record({
      t: fc.constantFrom<ColumnRule>("n", { from: "a", as: "integer" }),
      k: fc.constantFrom<ColumnRule>("k", { from: "b", as: "string" }),
    }),
    columns: fc.dictionary(fc.constantFrom("a", "n", "new"), rule, { maxKeys: 3 }),
    rest: fc.constantFrom("copy", "drop"),
    drop: fc.uniqueArray(fc.constantFrom("b", "c"), { maxLength: 1 }),
    keep: fc.constant({ inputs: ["a"], when: (a?: Value) => a !== true }),
  },
  { requiredKeys: ["key"] },
) as fc.Arbitrary<MappingDefinition>;

const compiled = (definition: MappingDefinition): CompiledMapping =>
  compileMapping({ definition, hash: "test", title: "test" }, { sourceKey, targetKey });
const anyVersions = fc.constantFrom("latest" as const, "keep" as const);
const anyOldest = fc.option(fc.integer({ min: 95, max: 120 }), { nil: undefined });

/** A page as the service answers it: all versions, or the latest only. */
const pageOf = (rows: readonly Row[], versions: "latest" | "keep") => {
  const latest = ({ cells }: Row) => cells.filter(({ name }, at) => cells[at - 1]?.name !== name);
  return encodeRows(rows.map((row) => (versions === "keep" ? row : { key: row.key, cells: latest(row) })));
};
const builder = (keysMayRepeat = false) => new ParcelBuilder({ table: "t", kind: plainKinds.put, keysMayRepeat, allowUpdate: true });

function changesOf(encoded: Encoded, keepTimestamps: boolean): string[] {
  const changes = encoded.parcels.flatMap((parcel) =>
    parcel instanceof BatchParcel
      ? Array.from({ length: parcel.rows }, (_, i) => [parcel.sourceIndex(i), parcel.change(i)] as const)
      : [[parcel.sourceIndex(0), (parcel as WideParcel).whole] as const],
  );
  return changes.map(([source, change]) => {
    const writer = new ByteWriter();
    canonicalOfRow(writer, decodeChange("put", change) as Row, keepTimestamps);
    return `${source}: ${Buffer.from(writer.take()).toString("hex")}`;
  });
}

describe("rows rewritten in their encoding", () => {
  const encode = (encoder: Encoder, page: Uint8Array, versions: "latest" | "keep") => {
    const encoded = encoder.encode(new TableBatch({ split: "0", from: undefined, position: "end" }, page, versions));
    const { filtered, rowsOut, expiredCells } = encoded;
    return {
      changes: changesOf(encoded, versions === "keep"),
      refused: encoded.refused.map(({ index, refusal }) => [index, refusal.cause]),
      filtered,
      rowsOut,
      expiredCells: expiredCells ?? 0,
    };
  };

  test("become the same changes as rows decoded and mapped one by one", () => {
    fc.assert(
      fc.property(anyDefinition, fc.array(anyRow, { maxLength: 4 }), anyVersions, anyOldest, (definition, rows, versions, limit) => {
        const oldest = versions === "keep" ? limit : undefined;
        const mapping = compiled(definition);
        const decoded = () => new DecodedEncoder(mapping, builder(), { versions, oldest });
        const plan = canonicalPlan(mapping, mapping.targetKey, { versions, oldest })!;
        const page = pageOf(rows, versions);
        expect(encode(new EncodedEncoder(plan, builder(), decoded()), page, versions)).toEqual(encode(decoded(), page, versions));
      }),
      { numRuns: 500 },
    );
  });

  test("have the same canonical form as rows decoded and mapped one by one", () => {
    const forms = (canonicalizer: Canonicalizer, page: Uint8Array, scope: ScanScope) => {
      const seen: string[] = [];
      const batch = new TableBatch({ split: "0", from: undefined, position: "end" }, page, scope.versions);
      const refused = canonicalizer.each(batch, (bytes, start, keyEnd, end, index) => {
        seen.push(
          `${index}: ${Buffer.from(bytes.subarray(start, keyEnd)).toString("hex")} ${Buffer.from(bytes.subarray(keyEnd, end)).toString("hex")}`,
        );
      });
      return { seen, refused: refused.map(({ index, refusal }) => [index, refusal.cause]) };
    };
    fc.assert(
      fc.property(anyDefinition, fc.array(anyRow, { maxLength: 4 }), anyVersions, anyOldest, (definition, rows, versions, limit) => {
        const scope: ScanScope = { versions, oldest: versions === "keep" ? limit : undefined };
        const mapping = compiled(definition);
        const page = pageOf(rows, versions);
        const fast = new EncodedCanonicalizer(canonicalPlan(mapping, undefined, scope)!, new RowWalker("row"));
        expect(forms(fast, page, scope)).toEqual(forms(new DecodedCanonicalizer(mapping, scope), page, scope));
      }),
      { numRuns: 500 },
    );
  });

  test("are refused for the first rule that cannot be followed, not for the first column by name", () => {
    const mapping = compiled({
      key: { t: "n", k: "k" },
      columns: {
        new: {
          inputs: ["a"],
          derive: () => {
            throw new Error("first");
          },
        },
        a: { from: "k", as: "double" },
      },
    });
    const scope: ScanScope = { versions: "latest", oldest: undefined };
    const page = pageOf(
      [
        {
          key: [
            { name: "k", value: "none" },
            { name: "n", value: 0n },
          ],
          cells: [],
        },
      ],
      "latest",
    );
    const batch = new TableBatch({ split: "0", from: undefined, position: "end" }, page, "latest");
    const refused = new EncodedCanonicalizer(canonicalPlan(mapping, undefined, scope)!, new RowWalker("row")).each(batch, () => undefined);
    expect(refused.map(({ refusal }) => [refusal.cause, refusal.column])).toEqual([["mapping-threw", "new"]]);
  });
});

describe("parcels", () => {
  const identity = compileMapping({ definition: undefined, hash: "test", title: "test" }, { sourceKey, targetKey: sourceKey });
  const row = (k: string, n: bigint, cells: Row["cells"] = []): Row => ({
    key: [
      { name: "k", value: k },
      { name: "n", value: n },
    ],
    cells,
  });
  const parcelsOf = (rows: readonly Row[], keysMayRepeat = false) => {
    const plan = canonicalPlan(identity, sourceKey, { versions: "keep" })!;
    const to = builder(keysMayRepeat);
    return new EncodedEncoder(plan, to, new DecodedEncoder(identity, to, { versions: "keep", oldest: undefined })).encode(
      new TableBatch({ split: "0", from: undefined, position: "end" }, encodeRows(rows), "keep"),
    );
  };

  test("hold 200 rows at most", () => {
    const { parcels } = parcelsOf(Array.from({ length: 450 }, (_, at) => row("x", BigInt(at))));
    expect(parcels.map((parcel) => parcel.rows)).toEqual([200, 200, 50]);
  });

  test("hold 4 MB at most", () => {
    const value = new Uint8Array(1_500_000);
    const { parcels } = parcelsOf(Array.from({ length: 5 }, (_, at) => row("x", BigInt(at), [{ name: "a", value, timestamp: 1 }])));
    expect(parcels.map((parcel) => parcel.rows)).toEqual([2, 2, 1]);
    expect(parcels.every((parcel) => parcel.bytes <= 4_194_304)).toBe(true);
  });

  test("never hold a key twice", () => {
    const { parcels } = parcelsOf([row("a", 1n), row("b", 1n), row("a", 1n), row("a", 1n)], true);
    expect(parcels.map((parcel) => Array.from({ length: parcel.rows }, (_, i) => parcel.sourceIndex(i)))).toEqual([[0, 1], [2], [3]]);
  });

  test("give the rows asked for alone, unchanged", () => {
    const [parcel] = parcelsOf(Array.from({ length: 9 }, (_, at) => row("x", BigInt(at)))).parcels as [BatchParcel];
    const part = parcel.only([7, 2]) as BatchParcel;
    expect([part.rows, part.sourceIndex(0), part.sourceIndex(1)]).toEqual([2, 7, 2]);
    expect([part.change(0), part.change(1)].map((change) => Buffer.from(change).toString("hex"))).toEqual(
      [parcel.change(7), parcel.change(2)].map((change) => Buffer.from(change).toString("hex")),
    );
  });

  test("split a row that no request can carry into a put and updates with every cell once", () => {
    const cells = Array.from({ length: 2500 }, (_, at) => ({ name: `c${String(at).padStart(4, "0")}`, value: BigInt(at), timestamp: 1 }));
    const { parcels } = parcelsOf([row("x", 1n, cells), row("y", 1n)]);
    const wide = parcels.find((parcel) => parcel instanceof WideParcel)!;
    const changes = [decodeChange("put", wide.first), ...wide.updates.map((change) => decodeChange("update", change))];
    const found = changes.flatMap((change) => (change.type === "delete" ? [] : change.cells.map((cell) => cell.name)));
    expect(changes.map((change) => (change.type === "delete" ? 0 : change.cells.length))).toEqual([1024, 1024, 452]);
    expect(found).toEqual(cells.map((cell) => cell.name));
    expect(parcels.length).toBe(2);
  });
});
