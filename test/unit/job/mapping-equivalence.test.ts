import fc from "fast-check";
import { expect, test } from "vitest";
import { castValue } from "../../../src/job/cast.ts";
import { compileMapping } from "../../../src/job/compile-mapping.ts";
import { loadedDefinition } from "../../../src/job/load-mapping.ts";
import {
  RowRefused,
  type ColumnPlan,
  type ColumnRule,
  type CompiledMapping,
  type FlowColumn,
  type FlowRow,
  type MappingDefinition,
  type Origin,
} from "../../../src/job/mapping.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import { typeOf, type KeyValue, type Value } from "../../../src/model/value.ts";
import { anyKeyValue, anyValue } from "../support/any-value.ts";

/**
 * A compiled mapping, its plan and the rules as the language documents them are one function. Two independent readings:
 * `byRules` interprets the definition as a user reads it, `byPlan` the plan as the author of an encoder reads it.
 */
const attributes = ["a", "b", "c"] as const;
const sourceKey: readonly KeySchema[] = [
  { name: "k", type: "string" },
  { name: "n", type: "integer" },
];
const targetKey: readonly KeySchema[] = [
  { name: "t", type: "string" },
  { name: "n", type: "integer" },
];

const anyName = fc.constantFrom("k", "n", ...attributes, "gone");
const anyCast = fc.constantFrom("integer", "double", "string", "boolean", "binary" as const);
const functions = {
  first: (x: Value | undefined) => x,
  length: (...all: (Value | undefined)[]) => BigInt(all.filter((x) => x !== undefined).length),
  text: (...all: (Value | undefined)[]) => all.map(String).join("|"),
  none: () => null,
  picky: (x: Value | undefined) => {
    if (typeof x !== "string") throw new Error("picky");
    return x;
  },
} as const;
const anyFunction = fc.constantFrom(...Object.values(functions));

const anyRule: fc.Arbitrary<ColumnRule> = fc.oneof(
  anyName,
  fc.record({ from: anyName, as: fc.option(anyCast, { nil: undefined }) }),
  fc.record({ from: anyName, default: anyValue }),
  fc.record({ constant: anyValue }),
  fc.record({ inputs: fc.array(anyName, { maxLength: 3 }), derive: anyFunction }),
);
const keyRule = (type: "string" | "integer"): fc.Arbitrary<ColumnRule> =>
  fc.oneof(
    fc.constantFrom(...attributes, "gone", type === "string" ? "k" : "n"),
    fc.record({ from: anyName, as: fc.constant(type) }),
    fc.record({ constant: anyKeyValue[type] }),
    fc.record({ inputs: fc.array(anyName, { maxLength: 2 }), derive: anyFunction }),
  );

const anyDefinition: fc.Arbitrary<MappingDefinition> = fc.record(
  {
    key: fc.record({ t: keyRule("string"), n: keyRule("integer") }),
    columns: fc.dictionary(fc.constantFrom(...attributes, "k", "new", "other"), anyRule, { maxKeys: 4 }),
    rest: fc.constantFrom("copy", "drop"),
    drop: fc.uniqueArray(anyName, { maxLength: 2 }),
    keep: fc.record({
      inputs: fc.array(anyName, { maxLength: 2 }),
      when: fc.constantFrom(
        (x?: Value) => x !== undefined,
        () => true,
      ),
    }),
  },
  { requiredKeys: ["key"] },
) as fc.Arbitrary<MappingDefinition>;

const anyRow: fc.Arbitrary<FlowRow> = fc.record({
  key: fc.tuple(anyKeyValue.string, anyKeyValue.integer).map(([k, n]) => [
    { name: "k", value: k },
    { name: "n", value: n },
  ]),
  columns: fc.uniqueArray(fc.record({ name: fc.constantFrom(...attributes, "d"), value: anyValue }), {
    selector: (c) => c.name,
    maxLength: 4,
  }),
});

type Outcome = readonly FlowRow[] | { readonly refused: string };

/** A row's outcome with columns in the order of their names: mappings promise no order. */
function outcome(run: () => readonly FlowRow[]): Outcome {
  try {
    return run().map(({ key, columns }) => ({ key, columns: columns.toSorted((x, y) => (x.name < y.name ? -1 : 1)) }));
  } catch (error) {
    if (error instanceof RowRefused) return { refused: error.refusal.cause };
    throw error;
  }
}

const refuse = (cause: string): never => {
  throw new RowRefused({ cause, text: cause });
};

function inputsOf(row: FlowRow): Map<string, Value> {
  return new Map([...row.columns, ...row.key].map(({ name, value }) => [name, value]));
}

function byRules(definition: MappingDefinition, row: FlowRow): readonly FlowRow[] {
  const inputs = inputsOf(row);
  const evaluate = (rule: ColumnRule): Value | undefined => {
    if (typeof rule === "string") return inputs.get(rule);
    if ("constant" in rule) return rule.constant;
    if ("derive" in rule) {
      try {
        return (
          (rule.derive as (...all: (Value | undefined)[]) => Value | null | undefined)(...rule.inputs.map((name) => inputs.get(name))) ??
          undefined
        );
      } catch {
        return refuse("mapping-threw");
      }
    }
    const value = inputs.get(rule.from);
    if (value === undefined) return rule.default;
    return rule.as === undefined ? value : (castValue(value, rule.as) ?? refuse("cast"));
  };
  const { keep } = definition;
  if (keep !== undefined && !(keep.when as (...all: (Value | undefined)[]) => boolean)(...keep.inputs.map((name) => inputs.get(name))))
    return [];
  const key = targetKey.map(({ name, type }) => {
    const value = evaluate(definition.key![name]!) ?? refuse("missing-key");
    return { name, value: typeOf(value) === type ? (value as KeyValue) : refuse("key-type") };
  });
  const rules = Object.entries((definition.columns ?? {}) as Record<string, ColumnRule>);
  const columns = rules.flatMap(([name, rule]): FlowColumn[] => {
    const value = evaluate(rule);
    return value === undefined ? [] : [{ name, value }];
  });
  const copied = [...rules, ...Object.entries(definition.key!)].flatMap(([, rule]) =>
    typeof rule === "string" ? [rule] : "from" in rule ? [rule.from] : [],
  );
  const written = [...rules.map(([name]) => name), ...targetKey.map((column) => column.name)];
  const out = new Set([...copied, ...written, ...(definition.drop ?? [])]);
  const rest =
    definition.rest === "drop"
      ? []
      : [...row.key, ...row.columns].filter(({ name }) => !out.has(name)).map(({ name, value }) => ({ name, value }));
  return [{ key, columns: [...columns, ...rest] }];
}

function byPlan(plan: ColumnPlan, row: FlowRow): readonly FlowRow[] {
  const inputs = inputsOf(row);
  const isKey = (name: string) => plan.sourceKey.some((column) => column.name === name);
  const compute = (index: number) => {
    const { inputs: names, apply } = plan.computed[index]!;
    return apply(names.map((name) => inputs.get(name)));
  };
  const read = (from: Origin): Value | undefined => {
    if (from.kind === "constant") return from.value;
    if (from.kind === "computed") return compute(from.index) ?? undefined;
    expect(isKey(from.name)).toBe(from.kind === "key");
    return inputs.get(from.name);
  };
  if (plan.keep !== undefined && compute(plan.keep) !== true) return [];
  const key = plan.targetKey.map(({ name, type, from }) => {
    const value = read(from) ?? refuse("missing-key");
    return { name, value: typeOf(value) === type ? (value as KeyValue) : refuse("key-type") };
  });
  const columns = plan.columns.flatMap(({ name, from }) => {
    const value = read(from);
    return value === undefined ? [] : [{ name, value }];
  });
  const rest =
    plan.rest === "drop"
      ? []
      : [...row.key, ...row.columns].filter(({ name }) => !plan.excluded.includes(name)).map(({ name, value }) => ({ name, value }));
  return [{ key, columns: [...columns, ...rest] }];
}

function compiled(definition: MappingDefinition): CompiledMapping | undefined {
  try {
    return compileMapping(loadedDefinition(definition), { sourceKey, targetKey });
  } catch {
    return undefined;
  }
}

test("map, plan and rules give the same rows and the same refusals", () => {
  let carried = 0;
  let refused = 0;
  fc.assert(
    fc.property(anyDefinition, fc.array(anyRow, { minLength: 1, maxLength: 5 }), (definition, rows) => {
      const mapping = compiled(definition);
      fc.pre(mapping !== undefined);
      for (const row of rows) {
        const mapped = outcome(() => mapping.map(row));
        expect(mapped).toEqual(outcome(() => byRules(definition, row)));
        expect(mapped).toEqual(outcome(() => byPlan(mapping.plan!, row)));
        if ("refused" in mapped) refused++;
        else carried += mapped.length;
      }
    }),
    { numRuns: 500 },
  );
  expect(carried).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(50);
});

test("a mapping proved injective never sends two source keys to one target key", () => {
  const injective = anyDefinition
    .map((definition) => ({ definition, mapping: compiled(definition) }))
    .filter(({ mapping }) => mapping?.injectiveBy === "proof");
  fc.assert(
    fc.property(injective, anyRow, anyRow, ({ mapping }, one, other) => {
      fc.pre(JSON.stringify(one.key.map(({ value }) => String(value))) !== JSON.stringify(other.key.map(({ value }) => String(value))));
      const keys = [one, other]
        .map((row) => outcome(() => mapping!.map(row)))
        .flatMap((result) => ("refused" in result ? [] : result.map((row) => row.key)));
      if (keys.length === 2) expect(keys[0]).not.toEqual(keys[1]);
    }),
    { numRuns: 200 },
  );
});
