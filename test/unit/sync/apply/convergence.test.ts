import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { number, type MappingDefinition } from "../../../../src/job/mapping.ts";
import type { PutCell, RowChange, UpdateCell } from "../../../../src/model/row.ts";
import type { KeySchema } from "../../../../src/model/schema.ts";
import type { Value } from "../../../../src/model/value.ts";
import { Replication, textKey, type ReplicationOptions } from "./replicated-table.ts";

/**
 * R1, R6, R10: whatever is written to the source, in whatever windows its changes are applied, and from whatever earlier point they come
 * again after a crash, the target ends as the mapped source.
 */
const twoKeys: readonly KeySchema[] = [
  { name: "a_key", type: "string" },
  { name: "b_key", type: "integer" },
];

/** One step in the life of a replication. */
type Step =
  | { readonly do: "write"; readonly change: RowChange; readonly pauseMs: number }
  | { readonly do: "apply"; readonly changes: number }
  | { readonly do: "crash"; readonly back: number };

interface Shape {
  /** Source keys that occur. */
  readonly keys: readonly (readonly Value[])[];
  readonly schema: readonly KeySchema[];
  /** Values by column. */
  readonly values: fc.Arbitrary<Value>;
  /** Milliseconds that a writer's own timestamps lie before the time of writing. */
  readonly ages: fc.Arbitrary<number | undefined>;
  /** Whether single versions are deleted. */
  readonly deletesVersions: boolean;
}

const columns = ["a", "b", "c", "d"] as const;
const START = 1_700_000_000_000;

function steps({ keys, schema, values, ages, deletesVersions }: Shape): fc.Arbitrary<readonly Step[]> {
  const key = fc.constantFrom(...keys).map((found) => schema.map(({ name }, at) => ({ name, value: found[at] as string | bigint })));
  const name = fc.constantFrom(...columns);
  const stamp = ages.map((age) => (age === undefined ? undefined : START - age));
  const putCell = fc.record({ name, value: values, timestamp: stamp }).map((cell): PutCell => cell);
  const updateCell: fc.Arbitrary<UpdateCell> = fc.oneof(
    { weight: 4, arbitrary: putCell.map((cell): UpdateCell => ({ op: "put", ...cell })) },
    { weight: 2, arbitrary: name.map((one): UpdateCell => ({ op: "deleteAll", name: one })) },
    {
      weight: deletesVersions ? 1 : 0,
      arbitrary: fc.record({ op: fc.constant("deleteOne" as const), name, timestamp: stamp.map((at) => at ?? START) }),
    },
  );
  const distinct = { maxLength: 4, selector: ({ name: column }: { readonly name: string }) => column };
  const change: fc.Arbitrary<RowChange> = fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant("put" as const), key, cells: fc.uniqueArray(putCell, distinct) }) },
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constant("update" as const), key, cells: fc.uniqueArray(updateCell, { ...distinct, minLength: 1 }) }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("delete" as const), key }) },
  );
  const write = fc.record({ do: fc.constant("write" as const), change, pauseMs: fc.constantFrom(0, 0, 1, 2, 500) });
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: write },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("apply" as const), changes: fc.integer({ min: 1, max: 6 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const), back: fc.integer({ min: 1, max: 12 }) }) },
    ),
    { minLength: 4, maxLength: 30, size: "max" },
  );
}

/** Lives through the steps, then applies what is left. */
async function live(options: ReplicationOptions, taken: readonly Step[]): Promise<{ found: string[]; wanted: string[] }> {
  const at = await Replication.create(options);
  try {
    let { applier } = await at.open();
    let next = 0;
    for (const step of [...taken, { do: "apply" as const, changes: Infinity }]) {
      if (step.do === "write") {
        await at.clock.advance(step.pauseMs);
        await at.write(step.change);
      } else if (step.do === "crash") {
        next = Math.max(0, next - step.back);
        ({ applier } = await at.open());
      } else {
        await at.read();
        const window = at.changes.slice(next, next + step.changes);
        next += window.length;
        if (window.length > 0) await at.apply(applier, window);
      }
    }
    return { found: await at.found(), wanted: await at.wanted() };
  } finally {
    await at.store.close();
  }
}

const plainValues = fc.constantFrom<Value>("1", "2.5", "x", "x", 7n, true);
const fewValues = fc.constantFrom<Value>("x", "y");
const numbers = fc.constantFrom<Value>("1", "2.5", "-3");
const young = fc.constant(undefined);
const someOld = fc.oneof({ weight: 3, arbitrary: young }, { weight: 1, arbitrary: fc.constantFrom(2000, 3000, 4000) });
const one: Shape = { keys: [["k1"], ["k2"], ["k3"]], schema: textKey, values: plainValues, ages: someOld, deletesVersions: true };
const two: Shape = {
  ...one,
  schema: twoKeys,
  keys: [
    ["x", 1n],
    ["x", 2n],
    ["y", 1n],
  ],
};

async function converges(options: ReplicationOptions, shape: Shape, mode: string, numRuns = 70): Promise<void> {
  const probe = await Replication.create(options);
  await probe.store.close();
  expect(probe.mapping.mode).toBe(mode);
  // Half of the lives without what makes rows be read, so that their records must do.
  const calm = { ...shape, ages: young, deletesVersions: false };
  await fc.assert(
    fc.asyncProperty(fc.oneof(steps(shape), steps(calm)), async (taken) => {
      const { found, wanted } = await live(options, taken);
      expect(found).toEqual(wanted);
    }),
    { numRuns },
  );
}

const definition = (rules: MappingDefinition): ReplicationOptions => ({ definition: rules });

describe("in mode cells a target becomes its source", { timeout: 60_000 }, () => {
  test("unchanged", () => converges({}, one, "cells"));

  test("with columns renamed, dropped, and added from constants and the key", () =>
    converges(definition({ columns: { first: "a", site: { constant: "here" }, copy: "id" }, drop: ["c"] }), one, "cells"));

  test("of which only some columns are wanted, so that an update can make a row and touch nothing of it", () =>
    converges(definition({ columns: { only: "a" }, rest: "drop" }), one, "cells"));

  test("with columns cast", () => converges(definition({ columns: { size: number("a") } }), { ...one, values: numbers }, "cells"));

  test("with its key columns the other way round, and one of them derived", () =>
    converges(
      {
        definition: { key: { n: "b_key", t: { inputs: ["a_key"], derive: (a: string) => `<${a}>` } }, injective: true },
        sourceKey: twoKeys,
        targetKey: [
          { name: "n", type: "integer" },
          { name: "t", type: "string" },
        ],
      },
      two,
      "cells",
    ));

  test("with a column derived from one other and the key, which may come of nothing", () =>
    converges(
      definition({
        columns: {
          said: { inputs: ["a"], derive: (a?: Value) => (a === "x" ? undefined : a) },
          always: { inputs: ["id", "b"], derive: (id?: Value, b?: Value) => (id === "k1" ? `${String(id)}${String(b)}` : b) },
        },
      }),
      one,
      "cells",
    ));

  test("that takes whole rows only (R10)", () => converges({ target: { allowUpdate: false } }, one, "cells"));

  test.each([1, 3])("with its timestamps and %i versions (R5)", (maxVersions) =>
    converges({ versions: "keep", source: { maxVersions }, target: { maxVersions } }, one, "cells"),
  );

  test("with its timestamps, a renamed and a cast column (R5)", () =>
    converges(
      {
        versions: "keep",
        source: { maxVersions: 3 },
        target: { maxVersions: 3 },
        ...definition({ columns: { z: "a", size: number("b") } }),
      },
      { ...one, values: numbers },
      "cells",
    ));

  test("with its timestamps and columns that bear the newest of several (R5)", () =>
    converges(
      {
        versions: "keep",
        source: { maxVersions: 2 },
        target: { maxVersions: 2 },
        ...definition({ columns: { up: { inputs: ["a"], derive: (a?: Value) => a && `${String(a)}!` } } }),
      },
      one,
      "cells",
    ));

  test("as far as the job's range and filter go", () =>
    converges(
      {
        scope: {
          range: { from: ["k2"] },
          filter: { type: "column", name: "a", comparator: "equal", value: "x", filterIfMissing: true, latestVersionOnly: true },
        },
      },
      one,
      "cells",
    ));
});

describe("in mode image a target becomes its source", { timeout: 60_000 }, () => {
  test("as far as a filter keeps it", () =>
    converges({ originColumns: ["a"], definition: { keep: { inputs: ["a"], when: (a?: Value) => a !== "x" } } }, one, "image"));

  test("of which an update can touch nothing", () =>
    converges(
      { originColumns: ["a"], definition: { keep: { inputs: ["a"], when: (a?: Value) => a !== "x" }, drop: ["a", "b", "c"] } },
      { ...one, values: fewValues },
      "image",
    ));

  test("with columns made of several, and nothing else", () =>
    converges(
      {
        originColumns: ["a", "b"],
        definition: {
          rest: "drop",
          columns: { both: { inputs: ["a", "b"], derive: (a?: Value, b?: Value) => `${String(a)}|${String(b)}` } },
        },
      },
      one,
      "image",
    ));

  test("with columns made of several, beside all others", () =>
    converges(
      {
        originColumns: ["a", "b"],
        definition: { columns: { both: { inputs: ["a", "b"], derive: (a?: Value, b?: Value) => a && b && `${String(a)}|${String(b)}` } } },
      },
      one,
      "image",
    ));

  test.each(["copy", "drop"] as const)("under a key that reads a column and takes in the source's (rest: %s)", (rest) =>
    converges(
      {
        originColumns: ["a", "b"],
        targetKey: [
          { name: "group", type: "string" },
          { name: "id", type: "string" },
        ],
        definition: {
          rest,
          key: { group: { inputs: ["a"], derive: (a?: Value) => String(a) }, id: "id" },
          columns: { b: "b" },
        },
      },
      one,
      "image",
    ),
  );

  test("with its timestamps (R5)", () =>
    converges(
      {
        versions: "keep",
        source: { maxVersions: 2 },
        target: { maxVersions: 2 },
        originColumns: ["a"],
        definition: { keep: { inputs: ["a"], when: (a?: Value) => a !== "x" } },
      },
      one,
      "image",
    ));
});

describe("in mode look-up a target becomes its source", { timeout: 60_000 }, () => {
  test("with columns made of several", () =>
    converges(
      definition({ columns: { both: { inputs: ["a", "b"], derive: (a?: Value, b?: Value) => `${String(a)}|${String(b)}` } } }),
      one,
      "look-up",
    ));

  test("as far as a filter keeps it", () =>
    converges(
      definition({ keep: { inputs: ["a", "b"], when: (a?: Value, b?: Value) => a !== b } }),
      { ...one, values: fewValues },
      "look-up",
    ));

  test("under a key that reads a column, whose old values the stream keeps", () =>
    converges(
      {
        originColumns: ["a"],
        targetKey: [
          { name: "group", type: "string" },
          { name: "id", type: "string" },
        ],
        definition: {
          key: { group: { inputs: ["a"], derive: (a?: Value) => String(a) }, id: "id" },
          columns: { both: { inputs: ["a", "b"], derive: (a?: Value, b?: Value) => `${String(a)}|${String(b)}` } },
        },
      },
      one,
      "look-up",
    ));

  test("by a function that gives one row, or none", () =>
    converges(
      definition({
        injective: true,
        row: (row) => (row["a"] === "x" ? null : { id: row["id"]!, sum: `${String(row["a"])}${String(row["b"])}` }),
      }),
      one,
      "look-up",
    ));

  test("by a function that gives a row for each of some columns", () =>
    converges(
      {
        targetKey: [
          { name: "id", type: "string" },
          { name: "column", type: "string" },
        ],
        definition: {
          injective: true,
          row: (row) => columns.flatMap((column) => (row[column] === undefined ? [] : [{ id: row["id"]!, column, value: row[column] }])),
        },
      },
      one,
      "look-up",
    ));
});
