import { describe, expect, test } from "vitest";
import { compileMapping } from "../../../src/job/compile-mapping.ts";
import type { MappingSides } from "../../../src/job/column-plan.ts";
import { loadedDefinition } from "../../../src/job/load-mapping.ts";
import {
  constant,
  defineMapping,
  derive,
  integer,
  number,
  RowRefused,
  text,
  type FlowRow,
  type MappingDefinition,
  type Refusal,
} from "../../../src/job/mapping.ts";
import { TableferryError } from "../../../src/base/error.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import type { KeyValue, Value } from "../../../src/model/value.ts";

const id: KeySchema = { name: "id", type: "string" };
const sides = (change: Partial<MappingSides> = {}): MappingSides => ({ sourceKey: [id], targetKey: [id], ...change });
const compile = (definition: MappingDefinition, change: Partial<MappingSides> = {}) =>
  compileMapping(loadedDefinition(definition, "mappings/orders.ts"), sides(change));

function row(key: Record<string, KeyValue>, columns: Record<string, Value>): FlowRow {
  return {
    key: Object.entries(key).map(([name, value]) => ({ name, value })),
    columns: Object.entries(columns).map(([name, value]) => ({ name, value })),
  };
}
/** A row as two plain objects. */
const plain = ({ key, columns }: FlowRow) => [
  Object.fromEntries(key.map((c) => [c.name, c.value])),
  Object.fromEntries(columns.map((c) => [c.name, c.value])),
];
const apply = (definition: MappingDefinition, input: FlowRow, change: Partial<MappingSides> = {}) =>
  compile(definition, change).map(input).map(plain);

function refusalOf(definition: MappingDefinition, input: FlowRow, change: Partial<MappingSides> = {}): Refusal {
  const mapping = compile(definition, change);
  try {
    mapping.map(input);
  } catch (error) {
    if (error instanceof RowRefused) return error.refusal;
    throw error;
  }
  throw new Error("the row was not refused");
}

function problemsOf(definition: MappingDefinition, change: Partial<MappingSides> = {}): string {
  try {
    compile(definition, change);
  } catch (error) {
    if (error instanceof TableferryError && error.code === "TF_MAPPING_INVALID") return error.sentence;
    throw error;
  }
  throw new Error("it compiled");
}

const order = row({ id: "o1" }, { customer: "c7", total: "12.50", note: "hi" });

describe("columns", () => {
  test("no mapping at all carries the row over as it is", () => {
    const mapping = compileMapping({ definition: undefined, hash: "h", title: "mapping" }, sides());
    expect(mapping.map(order).map(plain)).toEqual([[{ id: "o1" }, { customer: "c7", total: "12.50", note: "hi" }]]);
    expect(mapping).toMatchObject({ identity: true, injective: true, injectiveBy: "proof", mode: "cells", hash: "h" });
  });

  test("a renamed or cast column is carried under its new name only", () => {
    expect(apply({ columns: { buyer: "customer", amount: number("total") } }, order)).toEqual([
      [{ id: "o1" }, { buyer: "c7", amount: 12.5, note: "hi" }],
    ]);
  });

  test("what a derive only reads stays", () => {
    const label = derive<[string, string]>(["customer", "note"], (customer, note) => `${customer}: ${note}`);
    expect(apply({ columns: { label } }, order)).toEqual([[{ id: "o1" }, { label: "c7: hi", customer: "c7", total: "12.50", note: "hi" }]]);
  });

  test("a rule for a column replaces the one that would be carried over", () => {
    expect(apply({ columns: { note: constant(true) } }, order)).toEqual([[{ id: "o1" }, { note: true, customer: "c7", total: "12.50" }]]);
  });

  test("dropped columns stay behind, and a rule may still read them", () => {
    expect(apply({ drop: ["note", "customer"], columns: { c: derive(["customer"], (c?: Value) => c) } }, order)).toEqual([
      [{ id: "o1" }, { c: "c7", total: "12.50" }],
    ]);
  });

  test("rest: drop carries nothing that is not named", () => {
    expect(apply({ rest: "drop", columns: { buyer: "customer" } }, order)).toEqual([[{ id: "o1" }, { buyer: "c7" }]]);
  });

  test("a missing input leaves the column out, or takes its default", () => {
    expect(
      apply({ rest: "drop", columns: { a: "nowhere", b: { from: "nowhere", default: 5n }, c: { from: "total", default: "x" } } }, order),
    ).toEqual([[{ id: "o1" }, { b: 5n, c: "12.50" }]]);
  });

  test("a derive may leave its column out", () => {
    expect(apply({ rest: "drop", columns: { a: derive([], () => null), b: derive([], () => undefined) } }, order)).toEqual([
      [{ id: "o1" }, {}],
    ]);
  });

  test("one input may feed several outputs", () => {
    expect(apply({ rest: "drop", columns: { a: "note", b: "note" } }, order)).toEqual([[{ id: "o1" }, { a: "hi", b: "hi" }]]);
  });
});

describe("rows", () => {
  test("keep decides before anything else is computed", () => {
    const boom = derive([], () => {
      throw new Error("must not be asked");
    });
    const keep = { inputs: ["customer"], when: (customer: string) => customer !== "c7" };
    expect(apply({ keep, columns: { boom } }, order)).toEqual([]);
    expect(apply({ keep }, row({ id: "o2" }, { customer: "c8" }))).toEqual([[{ id: "o2" }, { customer: "c8" }]]);
  });

  test("a row function makes none, one or several rows, with keys in the target's order", () => {
    const targetKey: KeySchema[] = [id, { name: "line", type: "integer" }];
    const mapping = defineMapping<{ id: string; lines: bigint }>({
      row: ({ id, lines }) =>
        lines === 0n ? null : Array.from({ length: Number(lines) }, (_, i) => ({ line: BigInt(i), text: `${i}`, id, gone: undefined })),
    }) as MappingDefinition;
    expect(apply(mapping, row({ id: "a" }, { lines: 0n }), { targetKey })).toEqual([]);
    expect(apply(mapping, row({ id: "a" }, { lines: 2n }), { targetKey })).toEqual([
      [{ id: "a", line: 0n }, { text: "0" }],
      [{ id: "a", line: 1n }, { text: "1" }],
    ]);
    expect(compile(mapping, { targetKey })).toMatchObject({ mode: "look-up", injective: false, plan: undefined, identity: false });
  });

  test("a column may have any name, even that of an object's prototype", () => {
    expect(
      apply(
        { row: (input) => ({ id: "x", seen: String(Object.keys(input).sort()) }) },
        row({ id: "o" }, JSON.parse('{"__proto__":"p","constructor":"c"}') as Record<string, Value>),
      ),
    ).toEqual([[{ id: "x" }, { seen: "__proto__,constructor,id" }]]);
  });
});

describe("keys", () => {
  const region: KeySchema = { name: "region", type: "string" };
  const number64: KeySchema = { name: "no", type: "integer" };

  test("an attribute may become a key column, and a key column an attribute", () => {
    expect(apply({ key: { customer: "customer" } }, order, { targetKey: [{ name: "customer", type: "string" }] })).toEqual([
      [{ customer: "c7" }, { id: "o1", total: "12.50", note: "hi" }],
    ]);
  });

  test("the target's schema decides the order", () => {
    const key = { region: constant("eu"), no: integer("id") };
    const mapped = compile({ key }, { targetKey: [number64, region] }).map(row({ id: "12" }, {}));
    expect(mapped[0]!.key).toEqual([
      { name: "no", value: 12n },
      { name: "region", value: "eu" },
    ]);
  });

  test("a file without a key gives its columns by name", () => {
    expect(
      apply({ columns: { lat: number("lat") } }, row({}, { zip: "00501", lat: "40.9" }), {
        sourceKey: [],
        targetKey: [{ name: "zip", type: "string" }],
      }),
    ).toEqual([[{ zip: "00501" }, { lat: 40.9 }]]);
  });

  test("a target without a key of its own takes the source's key, or the mapping's", () => {
    expect(compile({}, { targetKey: [] }).targetKey).toEqual([id]);
    expect(compile({ key: { no: integer("id") } }, { targetKey: [] }).targetKey).toEqual([number64]);
  });

  test.each<[string, MappingDefinition, Partial<MappingSides>, Partial<Refusal>]>([
    ["no value", { key: { id: "customer" } }, {}, { cause: "missing-key", column: "id" }],
    [
      "a value of another type",
      { key: { id: "total" } },
      {},
      { cause: "key-type", column: "id", text: "the target key column id is a string, the value is an integer: 5" },
    ],
    [
      "a derive of another type",
      { key: { no: derive(["id"], () => 1) } },
      { targetKey: [number64] },
      { cause: "key-type", text: "the target key column no is an integer, the value is a double: 1.0" },
    ],
    [
      "a text that is no integer",
      { key: { no: integer("id") } },
      { targetKey: [number64] },
      { cause: "cast", column: "no", text: 'id cannot become an integer in no: "o1" (string)' },
    ],
  ])("%s refuses the row", (_, definition, change, refusal) => {
    expect(refusalOf(definition, row({ id: "o1" }, { total: 5n }), change)).toMatchObject(refusal);
  });
});

describe("refusals", () => {
  const huge = 2n ** 63n;
  test.each<[string, MappingDefinition, Partial<Refusal>]>([
    [
      "a cast that fails",
      { columns: { amount: number("note") } },
      { cause: "cast", column: "amount", text: 'note cannot become a double in amount: "hi" (string)' },
    ],
    [
      "a function that throws",
      {
        columns: {
          x: derive([], () => {
            throw new RangeError("too far");
          }),
        },
      },
      { cause: "mapping-threw", column: "x", text: "the mapping threw for x: RangeError: too far" },
    ],
    [
      "a filter that throws",
      {
        keep: {
          inputs: [],
          when: () => {
            throw new Error("no");
          },
        },
      },
      { cause: "mapping-threw", column: "keep" },
    ],
    ["a filter that answers no boolean", { keep: { inputs: [], when: (() => 1) as never } }, { cause: "mapping-value", column: "keep" }],
    [
      "a value beyond 64 bits",
      { columns: { x: derive([], () => huge) } },
      { cause: "mapping-value", text: "the mapping gave x 9223372036854775808, which does not fit into 64 bits" },
    ],
    [
      "a date",
      { columns: { x: derive([], () => new Date(0) as never) } },
      { cause: "mapping-value", text: "the mapping gave x an object, expected a bigint, number, string, boolean or Uint8Array" },
    ],
    ["half a surrogate pair", { columns: { x: derive([], () => "\ud800") } }, { cause: "mapping-value" }],
    ["a row that is no object", { row: (() => 5) as never }, { cause: "mapping-value", column: "row" }],
    ["a row without its key", { row: () => ({ x: 1n }) }, { cause: "missing-key", column: "id" }],
    [
      "a row's own refusal",
      {
        row: () => {
          throw new RowRefused({ cause: "mine", text: "no" });
        },
      },
      { cause: "mine" },
    ],
  ])("%s", (_, definition, refusal) => {
    expect(refusalOf(definition, order)).toMatchObject(refusal);
  });
});

describe("what is wrong before the first row", () => {
  const closed = { sourceHeader: ["customer", "total", "note"] };
  test.each<[string, MappingDefinition, Partial<MappingSides>, string]>([
    [
      "a key column without a rule",
      { key: {} },
      {},
      'key.id: missing; the target\'s key column id (string) needs a rule, for example id: "id"',
    ],
    ["a rule for no key column", { key: { id: "id", di: "id" } }, {}, "key.di: the target's key has no such column; did you mean `id`?"],
    [
      "a key of another type",
      {},
      { targetKey: [{ name: "id", type: "integer" }] },
      'key.id: the key column is an integer, id a string; write { from: "id", as: "integer" }',
    ],
    [
      "a cast to another type than the key's",
      { key: { id: integer("customer") } },
      {},
      "key.id: the key column is a string, customer an integer",
    ],
    [
      "a constant of another type",
      { key: { id: constant(1n) } },
      {},
      "key.id.constant: the key column is a string, the constant an integer",
    ],
    [
      "a cast that can never work",
      { columns: { x: { from: "b", as: "integer" } } },
      { sourceColumns: [{ name: "b", type: "binary" }] },
      "columns.x.as: b is a binary and cannot become an integer",
    ],
    [
      "another key and no rules",
      {},
      { targetKey: [{ name: "no", type: "string" }] },
      "key.no: missing; the target's key column no (string) needs a rule, the source's key is id",
    ],
    [
      "a key column that would be lost",
      {},
      { sourceKey: [id, { name: "line", type: "integer" }] },
      "key: the source's key column line is not in the target's key",
    ],
    ["a key column under columns", { columns: { id: "note" } }, {}, "columns.id: is a key column of the target"],
    [
      "a column the source does not have",
      { columns: { x: "custommer" } },
      closed,
      "columns.x: the source has no column `custommer`; did you mean `customer`?",
    ],
    [
      "an input it does not have",
      { columns: { x: derive(["weight"], () => 1n) } },
      closed,
      "columns.x.inputs: the source has no column `weight`; it has id, customer, total, note",
    ],
    ["a drop of nothing", { drop: ["totall"] }, closed, "drop: the source has no column `totall`; did you mean `total`?"],
    ["an unknown field", { colums: {} } as MappingDefinition, {}, "mapping.colums: unknown field; did you mean `columns`?"],
    ["an unknown field of a rule", { columns: { x: { from: "a", to: "b" } as never } }, {}, "columns.x.to: unknown field"],
    ["a rule of two forms", { columns: { x: { from: "a", constant: 1n } as never } }, {}, "columns.x: expected exactly one of"],
    ["a rule that is none", { columns: { x: 5 as never } }, {}, "columns.x: expected a column name, { from }"],
    ["an unknown type", { columns: { x: { from: "a", as: "int" as never } } }, {}, "columns.x.as: expected one of integer, double"],
    [
      "a default of another type",
      { columns: { x: { from: "a", as: "integer", default: "1" } } },
      {},
      "columns.x.default: expected a value of type integer, found string",
    ],
    [
      "a row function beside rules",
      { row: () => null, columns: {}, rest: "drop" },
      {},
      "row: makes the whole row, so `columns`, `rest` must be absent",
    ],
    ["a constant that is no value", { columns: { x: constant(null as never) } }, {}, "columns.x.constant: null, expected a bigint"],
  ])("%s", (_, definition, change, expected) => {
    expect(problemsOf(definition, change)).toContain(expected);
  });

  test("all of it is said at once, with the module's name", () => {
    const text = problemsOf({ key: { id: constant(1n), x: "id" }, columns: { y: "z" } }, closed);
    expect(text.split("\n  ")).toHaveLength(4);
    expect(text).toContain("3 rules are wrong");
  });
});

describe("injectivity", () => {
  const two: KeySchema[] = [
    { name: "a", type: "string" },
    { name: "b", type: "integer" },
  ];
  const target: KeySchema[] = [
    { name: "x", type: "string" },
    { name: "y", type: "string" },
  ];
  test.each<[string, MappingDefinition, "proof" | "promise" | undefined]>([
    ["copies of every key column", { key: { x: "a", y: text("b") } }, "proof"],
    ["one key column left out", { key: { x: "a", y: constant("") } }, undefined],
    ["a key column that went through a function", { key: { x: "a", y: derive(["b"], (b?: Value) => String(b)) } }, undefined],
    ["the same, promised", { injective: true, key: { x: "a", y: derive(["b"], (b?: Value) => String(b)) } }, "promise"],
  ])("%s", (_, definition, by) => {
    expect(compile(definition, { sourceKey: two, targetKey: target })).toMatchObject({ injective: by !== undefined, injectiveBy: by });
  });

  test("text parsed as a number is none: 007 and 7 are one number", () => {
    expect(compile({ key: { id: integer("id") } }, { targetKey: [{ name: "id", type: "integer" }] }).injective).toBe(false);
  });

  test("extra columns in the target's key do no harm", () => {
    expect(compile({ key: { x: "note", id: "id" } }, { targetKey: [{ name: "x", type: "string" }, id] }).injectiveBy).toBe("proof");
  });
});

describe("mode for streams", () => {
  test.each<[string, MappingDefinition, readonly string[] | undefined, string]>([
    ["renames and casts", { columns: { a: "x", b: integer("y") } }, undefined, "cells"],
    ["a derive of one input", { columns: { a: derive(["x"], (x?: Value) => x) } }, undefined, "cells"],
    ["a derive of one input and the key", { columns: { a: derive(["x", "id"], (x?: Value) => x) } }, undefined, "cells"],
    ["a derive of two inputs", { columns: { a: derive(["x", "y"], (x?: Value) => x) } }, undefined, "look-up"],
    ["a derive of two inputs with old images", { columns: { a: derive(["x", "y"], (x?: Value) => x) } }, ["y", "x"], "image"],
    ["old images that lack an input", { columns: { a: derive(["x", "y"], (x?: Value) => x) } }, ["x"], "look-up"],
    ["a default", { columns: { a: { from: "x", default: 1n } } }, undefined, "look-up"],
    ["a function that makes something of nothing", { columns: { a: derive(["x"], (x?: Value) => x ?? 0n) } }, undefined, "look-up"],
    ["a filter", { keep: { inputs: ["x"], when: () => true } }, undefined, "look-up"],
    ["a filter with old images", { keep: { inputs: ["x"], when: () => true } }, ["x"], "image"],
    ["a key from an attribute", { key: { id: "x" } }, undefined, "look-up"],
    ["a key from an attribute with old images", { key: { id: "x" } }, ["x"], "image"],
    ["a constant", { columns: { a: constant(1n) } }, undefined, "cells"],
    ["a row function", { row: () => null }, ["x"], "look-up"],
  ])("%s", (_, definition, originColumns, mode) => {
    expect(compile(definition, { originColumns }).mode).toBe(mode);
  });
});

describe("versions", () => {
  const versions: FlowRow = {
    key: [{ name: "id", value: "o" }],
    columns: [
      { name: "a", value: "3", timestamp: 30 },
      { name: "a", value: "1", timestamp: 10 },
      { name: "b", value: "x", timestamp: 20 },
    ],
  };
  const columnsOf = (definition: MappingDefinition, change: Partial<MappingSides> = {}) =>
    compile({ rest: "drop", ...definition }, change).map(versions)[0]!.columns;

  test("a copy and a cast carry every version with its timestamp", () => {
    expect(columnsOf({ columns: { c: "a", n: integer("a") } })).toEqual([
      { name: "c", value: "3", timestamp: 30 },
      { name: "c", value: "1", timestamp: 10 },
      { name: "n", value: 3n, timestamp: 30 },
      { name: "n", value: 1n, timestamp: 10 },
    ]);
  });

  test("a computed column is as new as its inputs, a constant as the row", () => {
    const both = derive<[string, string]>(["b"], (b) => b);
    expect(columnsOf({ columns: { d: both, k: constant(1n), own: "id" } })).toEqual([
      { name: "d", value: "x", timestamp: 20 },
      { name: "k", value: 1n, timestamp: 30 },
      { name: "own", value: "o", timestamp: 30 },
    ]);
  });

  test("a default has the row's timestamp", () => {
    expect(columnsOf({ columns: { d: { from: "gone", default: 1n } } })).toEqual([{ name: "d", value: 1n, timestamp: 30 }]);
  });
});

test("the hash follows the rules, and functions by their text", () => {
  const hash = (definition: MappingDefinition) => loadedDefinition(definition).hash;
  expect(hash({ columns: { a: "b", c: constant(1n) } })).toBe(hash({ columns: { c: constant(1n), a: "b" } }));
  expect(
    new Set([
      hash({}),
      hash({ columns: { a: constant(1n) } }),
      hash({ columns: { a: constant(1) } }),
      hash({ columns: { a: constant("1") } }),
      hash({ columns: { a: derive([], () => 1n) } }),
      hash({ columns: { a: derive([], () => 2n) } }),
    ]).size,
  ).toBe(6);
});
