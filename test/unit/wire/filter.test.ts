import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Filter } from "../../../src/model/condition.ts";
import { WireCorrupt } from "../../../src/wire/corrupt.ts";
import { decodeFilter, encodeFilter } from "../../../src/wire/filter.ts";
import * as gen from "../../../src/wire/gen/filter_pb.js";
import { getRow } from "../../../src/wire/operation/get-row.ts";
import { ProtobufWriter } from "../../../src/wire/protobuf.ts";
import * as any from "./arbitraries.ts";

/** Appendix A of the reference. */
const golden = "0801121108011201631a0603010000007820002801";
const goldenFilter: Filter = {
  type: "column",
  name: "c",
  comparator: "equal",
  value: "x",
  filterIfMissing: false,
  latestVersionOnly: true,
};

const column: fc.Arbitrary<Filter> = fc.record(
  {
    type: fc.constant("column" as const),
    name: any.text,
    comparator: fc.constantFrom("equal", "notEqual", "greater", "greaterEqual", "less", "lessEqual", "exist", "notExist"),
    value: any.value,
    filterIfMissing: fc.boolean(),
    latestVersionOnly: fc.boolean(),
    transfer: fc.record(
      { regex: any.text, castType: fc.constantFrom("integer", "double", "string", "binary", "null") },
      { requiredKeys: ["regex"] },
    ),
  },
  { requiredKeys: ["type", "name", "comparator", "value", "filterIfMissing", "latestVersionOnly"] },
);
const page: fc.Arbitrary<Filter> = fc.record({ type: fc.constant("page" as const), offset: fc.nat(), limit: fc.nat() });
const filter = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small" },
    column,
    page,
    fc.record({ type: fc.constantFrom("and", "or", "not"), filters: fc.array(tie("filter"), { maxLength: 3 }) }),
  ),
})).filter;

const layerOf = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error instanceof WireCorrupt ? error.layer : error;
  }
};

describe("a filter", () => {
  test("is written as the reference has it", () => {
    expect(Buffer.from(encodeFilter(goldenFilter)).toString("hex")).toBe(golden);
  });
  test("is read as the reference has it", () => {
    expect(decodeFilter(Buffer.from(golden, "hex"))).toEqual(goldenFilter);
  });
  test("of any shape is read back", () => {
    fc.assert(fc.property(filter, (one) => void expect(decodeFilter(encodeFilter(one))).toEqual(one)));
  });
  test("damaged anywhere is refused as a filter, or read", () => {
    fc.assert(
      fc.property(filter, fc.nat(), fc.integer({ min: 0, max: 255 }), (one, at, mask) => {
        const bytes = Uint8Array.from(encodeFilter(one));
        const damaged = mask === 0 ? bytes.subarray(0, at % bytes.length) : bytes.with(at % bytes.length, bytes[at % bytes.length]! ^ mask);
        const outcome = layerOf(() => decodeFilter(damaged));
        return outcome === "filter" || (typeof outcome === "object" && !(outcome instanceof Error));
      }),
      { numRuns: 500 },
    );
  });
  test("nested without end is refused before it is followed", () => {
    let bytes = encodeFilter(goldenFilter);
    for (let depth = 0; depth < 5000; depth++) {
      const inner = new ProtobufWriter();
      inner.integer(1, 2);
      inner.bytes(2, bytes);
      const outer = new ProtobufWriter();
      outer.integer(1, 2);
      outer.bytes(2, inner.finish());
      bytes = outer.finish();
    }
    expect(layerOf(() => decodeFilter(bytes))).toBe("filter");
  });
  test("inside a request is refused as a filter", () => {
    const request = Uint8Array.from(getRow.encodeRequest({ tableName: "t", key: Uint8Array.of(1), selection: { filter: goldenFilter } }));
    request[request.indexOf(0x3a) + 2]! ^= 0x40;
    expect(layerOf(() => getRow.decodeRequest(request))).toBe("filter");
  });
});

describe("the generated code", () => {
  test("reads a composite as it was written", () => {
    const outer = fromBinary(
      gen.FilterSchema,
      encodeFilter({ type: "or", filters: [goldenFilter, { type: "page", offset: 1, limit: 2 }] }),
    );
    const inner = fromBinary(gen.CompositeColumnValueFilterSchema, outer.filter);
    const pageFilter = fromBinary(gen.ColumnPaginationFilterSchema, inner.subFilters[1]!.filter);
    expect([outer.type, inner.combinator, inner.subFilters.length, pageFilter.offset, pageFilter.limit]).toEqual([
      gen.FilterType.COMPOSITE_COLUMN_VALUE,
      gen.LogicalOperator.OR,
      2,
      1,
      2,
    ]);
  });
  test("writes a column condition that is read as it was meant", () => {
    const inner = create(gen.SingleColumnValueFilterSchema, {
      comparator: gen.ComparatorType.LESS_EQUAL,
      columnName: "n",
      columnValue: Uint8Array.of(0, 5, 0, 0, 0, 0, 0, 0, 0),
      filterIfMissing: true,
      latestVersionOnly: false,
      valueTransRule: { regex: "([0-9]+)", castType: gen.CastType.CAST_INTEGER },
    });
    const bytes = toBinary(
      gen.FilterSchema,
      create(gen.FilterSchema, { type: gen.FilterType.SINGLE_COLUMN_VALUE, filter: toBinary(gen.SingleColumnValueFilterSchema, inner) }),
    );
    expect(decodeFilter(bytes)).toEqual({
      type: "column",
      name: "n",
      comparator: "lessEqual",
      value: 5n,
      filterIfMissing: true,
      latestVersionOnly: false,
      transfer: { regex: "([0-9]+)", castType: "integer" },
    });
  });
});

test("a time range with one end is answered with the service's text", () => {
  const writer = new ProtobufWriter();
  writer.string(1, "t");
  writer.bytes(2, Uint8Array.of(1));
  writer.message(4, () => writer.integer(1, 5));
  expect(() => getRow.decodeRequest(writer.finish())).toThrow("OTSParameterInvalid: Start and end time must be given at the same time.");
});
